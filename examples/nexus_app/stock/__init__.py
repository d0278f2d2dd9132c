"""A stock of items on Kailash DataFlow behind Nexus: the application that the example's tests test."""
