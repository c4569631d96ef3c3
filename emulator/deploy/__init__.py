"""Deployment of the pipeline to a stack, as to AWS: packages, one CloudFormation template, schemas.

Begin with `deploy`; `formation` brings the CloudFormation stack to the template and proves it, `publishing` puts the
schema folder into the registry, `functions` finds, mends and updates what was deployed.
"""
