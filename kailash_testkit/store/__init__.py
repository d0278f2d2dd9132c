"""Rows through DataFlow's own nodes: complete, checked values in, verified rows out.

What is not here: the making of values (`factories`), and the kit's own connection (`databases`).
"""
