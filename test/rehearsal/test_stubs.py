"""Stubs: values of Ref and Fn::GetAtt, existing names, updates in place and replacements."""

import pytest
from emulator.stubs import AlreadyExistsError

KEYSPACE = "AWS::Cassandra::Keyspace"
TABLE = "AWS::Cassandra::Table"
TOPIC = "AWS::MSK::Topic"
CONFIGURATION = "AWS::MSK::Configuration"
CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/c/uuid-1"


def test_ref_is_the_identifier_in_the_properties(stubs):
    assert stubs.create(KEYSPACE, "Keyspace", {"KeyspaceName": "p_dev"}, "s")[0] == "p_dev"
    props = {"KeyspaceName": "p_dev", "TableName": "boundary"}
    assert stubs.create(TABLE, "Boundary", props, "s")[0] == "p_dev|boundary"


def test_ref_is_generated_if_the_service_generates_it(stubs):
    first, attributes = stubs.create("AWS::EMRServerless::Application", "App", {"Name": "views"}, "s")
    second, _ = stubs.create("AWS::EMRServerless::Application", "Other", {"Name": "views"}, "s")
    assert first == attributes["ApplicationId"] != second
    assert attributes["Arn"].endswith(f"/{first}")


def test_given_attributes_are_not_generated(stubs):
    given = {"Id": "g-0123456789", "Endpoint": "http://127.0.0.1:40000"}
    grafana, attributes = stubs.create("AWS::Grafana::Workspace", "Grafana", {"Name": "boards"}, "s", given)
    assert grafana == "g-0123456789"
    assert given.items() <= attributes.items()


def test_a_generated_name_begins_with_stack_and_logical_id(stubs):
    name, _ = stubs.create(KEYSPACE, "Keyspace", {}, "stack")
    assert name.startswith("stack-Keyspace-")


@pytest.mark.parametrize(
    ("type_name", "props", "beginning"),
    [
        (TOPIC, {"ClusterArn": CLUSTER_ARN, "TopicName": "posts"}, "arn:aws:kafka:us-east-1:000000000000:topic/c/uuid-1/posts"),
        (CONFIGURATION, {"Name": "conf"}, "arn:aws:kafka:us-east-1:000000000000:configuration/conf/"),
        ("AWS::MWAA::Environment", {"Name": "air"}, "arn:aws:airflow:us-east-1:000000000000:environment/air"),
        ("AWS::EMRServerless::Application", {"Name": "v"}, "arn:aws:emr-serverless:us-east-1:000000000000:/applications/"),
        ("AWS::APS::Workspace", {}, "arn:aws:aps:us-east-1:000000000000:workspace/"),
    ],
)
def test_arns_have_the_form_that_policies_name(stubs, type_name, props, beginning):
    _, attributes = stubs.create(type_name, "It", props, "s")
    (arn,) = {value for name, value in attributes.items() if name in ("Arn", "TopicArn")}
    assert arn.startswith(beginning)


def test_attributes_are_those_of_the_schema_with_their_types(stubs):
    _, attributes = stubs.create(CONFIGURATION, "Conf", {"Name": "conf"}, "s")
    assert attributes["LatestRevision.Revision"] == 1
    assert "Name" not in attributes


def test_an_existing_name_is_rejected(stubs):
    stubs.create(KEYSPACE, "One", {"KeyspaceName": "p_dev"}, "s")
    with pytest.raises(AlreadyExistsError, match="'p_dev' already exists"):
        stubs.create(KEYSPACE, "Two", {"KeyspaceName": "p_dev"}, "s")


def test_an_update_in_place_retains_the_identity_and_raises_the_revision(stubs):
    old = {"Name": "conf", "ServerProperties": "a=1"}
    first, _ = stubs.create(CONFIGURATION, "Conf", old, "s")
    again, attributes = stubs.update(CONFIGURATION, first, old, {**old, "ServerProperties": "a=2"}, "s")
    assert again == first
    assert attributes["LatestRevision.Revision"] == 2
    assert stubs.living(CONFIGURATION)[first].props["ServerProperties"] == "a=2"


def test_a_replacement_exists_beside_the_old_one_until_that_is_deleted(stubs):
    old = {"ClusterArn": CLUSTER_ARN, "TopicName": "posts", "ReplicationFactor": 2}
    first, _ = stubs.create(TOPIC, "Posts", old, "s")
    second, _ = stubs.update(TOPIC, first, old, {**old, "TopicName": "pins"}, "s")
    assert set(stubs.living(TOPIC)) == {first, second}
    stubs.delete(TOPIC, first)
    assert set(stubs.living(TOPIC)) == {second}


def test_a_replacement_under_a_fixed_name_fails_as_it_does_on_aws(stubs):
    old = {"ClusterArn": CLUSTER_ARN, "TopicName": "posts", "ReplicationFactor": 2}
    first, _ = stubs.create(TOPIC, "Posts", old, "s")
    with pytest.raises(AlreadyExistsError):
        stubs.update(TOPIC, first, old, {**old, "ReplicationFactor": 3}, "s")


def test_a_type_outside_the_registry_cannot_be_created(stubs):
    with pytest.raises(ValueError, match="'AWS::MSK::Topics' is not in the CloudFormation registry"):
        stubs.create("AWS::MSK::Topics", "Posts", {}, "s")
