"""The routes of the API, one file a subject; each is a function from the context to a router."""
