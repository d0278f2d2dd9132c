"""A small shop on Kailash DataFlow behind FastAPI: the application that the example's tests test."""
