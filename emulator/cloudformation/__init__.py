"""CloudFormation that tells the truth: an operation ends as its resources did, and a change is made or refused.

LocalStack parses templates, resolves references and orders the resources. What happens then is here: an **execution**
carries out the changes of one operation and rolls back what failed (`execution`); a **resource type** makes, changes
and removes the resources of one type by the API of their service (`resource`, and a module for each family of types).
Begin with `execution`. The patches whose names begin with `cloudformation_` put it in place.
"""
