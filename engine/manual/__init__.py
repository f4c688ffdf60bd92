"""The description of the API, for programs as OpenAPI and for people as a page that needs no other site."""
