"""The calls of CloudWatch's API about metrics and alarms, which `patches.cloudwatch` gives to LocalStack's provider."""
