"""Factories whose traits and parameters the generated module knows as keywords."""

from kitchen.models import Order

from kailash_testkit import Factory, transient

flagged = Factory(Order, urgent=transient(False)).trait("closed", status="paid")
