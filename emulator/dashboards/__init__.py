"""CloudWatch's dashboards: bodies that are checked as CloudWatch checks them (`body`, pure), and the operations."""
