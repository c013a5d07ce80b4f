"""What requests and answers look like: one module a resource, OpenAPI's single source."""
