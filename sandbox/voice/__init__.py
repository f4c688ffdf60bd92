"""A voice server: gateway v8 on TLS, media over UDP, and the MLS groups of DAVE."""
