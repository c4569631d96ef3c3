"""Metrics, statistics, metric math and the state of alarms, worked out from values alone, without AWS or LocalStack."""
