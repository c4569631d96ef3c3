"""Deployment of the pipeline to a stack, as to AWS: packages, a CloudFormation stack for each event type, schemas.

Begin with `deploy`. A *formation* is a CloudFormation stack: `formation` brings it to its template and compares it with
that, `changes` tells beforehand what would become of it, `moving` takes event types out of the one of earlier releases,
`removal` deletes those of event types that are gone. `publishing` puts the schema folder into the registry, `functions`
finds, mends and updates what was deployed.
"""
