"""MiniStack made a judge of deployments: what it lacks is added from the schemas of the CloudFormation registry."""
