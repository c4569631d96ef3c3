"""Changes to LocalStack's own Lambda service: checks of requests, who gets which environment, logs and metrics."""
