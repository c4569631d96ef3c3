"""The stack's HTTP server: plain HTTP/1.1 on threads of its own; TLS, HTTP/2 and WebSockets on LocalStack's Twisted."""
