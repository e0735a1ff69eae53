"""MiniStack with a validator of deployments: types that it lacks come from the schemas of the CloudFormation registry."""
