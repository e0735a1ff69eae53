"""Disables the termination protection of a stack, as an operator does before deletion: ``… ENDPOINT REGION STACK``."""

import sys

import boto3

if __name__ == "__main__":
    endpoint, region, stack = sys.argv[1:]
    client = boto3.client("cloudformation", endpoint_url=endpoint, region_name=region)
    client.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
