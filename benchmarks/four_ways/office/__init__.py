"""The application whose suite is measured: twenty models behind an API, written as users of Kailash write them."""
