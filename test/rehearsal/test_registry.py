"""Validation of properties by the schemas of the CloudFormation registry."""

import pytest
from emulator.registry import Registry, value_at

TOPIC = {
    "ClusterArn": "arn:aws:kafka:us-east-1:000000000000:cluster/c/00000000-0000-0000-0000-000000000000-1",
    "TopicName": "posts",
    "PartitionCount": 6,
    "ReplicationFactor": 2,
}
CLUSTER = {
    "BrokerNodeGroupInfo": {"ClientSubnets": ["s-1", "s-2"], "InstanceType": "kafka.t3.small"},
    "ClusterName": "c",
    "KafkaVersion": "4.1.x.kraft",
    "NumberOfBrokerNodes": 2,
}


def problems(registry, type_name, props):
    return registry.schema(type_name).problems(props)


def test_right_properties_have_no_problem(registry):
    assert problems(registry, "AWS::MSK::Topic", TOPIC) == []
    assert problems(registry, "AWS::MSK::Cluster", CLUSTER) == []


def test_a_missing_property_is_named(registry):
    less = {name: value for name, value in TOPIC.items() if name != "PartitionCount"}
    (problem,) = problems(registry, "AWS::MSK::Topic", less)
    assert problem == "Properties: 'PartitionCount' is a required property"


def test_an_unknown_property_is_named(registry):
    (problem,) = problems(registry, "AWS::MSK::Topic", {**TOPIC, "Partitions": 6})
    assert "'Partitions' was unexpected" in problem


def test_a_value_outside_an_enumeration_is_named_with_its_path(registry):
    found = problems(registry, "AWS::MSK::Cluster", {**CLUSTER, "StorageMode": "SLOW"})
    assert "StorageMode: 'SLOW' is not one of ['LOCAL', 'TIERED']" in found


def test_a_value_that_breaks_a_pattern_is_named(registry):
    (problem,) = problems(registry, "AWS::Cassandra::Keyspace", {"KeyspaceName": "not-one!"})
    assert problem.startswith("KeyspaceName: 'not-one!' does not match")


def test_nested_properties_are_checked(registry):
    nested = {**CLUSTER, "BrokerNodeGroupInfo": {"ClientSubnets": ["s-1"], "InstanceTypes": "kafka.t3.small"}}
    found = problems(registry, "AWS::MSK::Cluster", nested)
    assert all(problem.startswith("BrokerNodeGroupInfo") for problem in found)
    assert any("'InstanceType' is a required property" in problem for problem in found)


@pytest.mark.parametrize("count", ["6", 6])
def test_a_number_may_be_a_text_as_in_cloudformation(registry, count):
    assert problems(registry, "AWS::MSK::Topic", {**TOPIC, "PartitionCount": count}) == []


@pytest.mark.parametrize("count", ["six", True, None, [6]])
def test_a_value_that_is_not_a_number_is_named(registry, count):
    (problem,) = problems(registry, "AWS::MSK::Topic", {**TOPIC, "PartitionCount": count})
    assert "is not of type 'integer'" in problem


def test_tags_are_accepted_though_their_pattern_is_written_for_another_engine(registry):
    tagged = {**CLUSTER, "Tags": {"project": "pinterest"}}
    assert problems(registry, "AWS::MSK::Cluster", tagged) == []


def test_a_type_outside_the_registry_has_no_schema(registry):
    assert registry.schema("AWS::MSK::Topics") is None
    assert registry.schema("Custom::VpcRestrictDefaultSG") is None


def test_a_region_without_schemas_is_named():
    with pytest.raises(ValueError, match="got 'mars-1'"):
        Registry("mars-1")


def test_a_change_that_replaces_the_resource_is_distinguished_from_an_update(registry):
    schema = registry.schema("AWS::MSK::Topic")
    assert schema.replaces(TOPIC, {**TOPIC, "PartitionCount": 12}) == ()
    assert schema.replaces(TOPIC, {**TOPIC, "ReplicationFactor": 3}) == ("ReplicationFactor",)
    nested = {**CLUSTER, "BrokerNodeGroupInfo": {**CLUSTER["BrokerNodeGroupInfo"], "ClientSubnets": ["s-3", "s-4"]}}
    assert registry.schema("AWS::MSK::Cluster").replaces(CLUSTER, nested) == ("BrokerNodeGroupInfo.ClientSubnets",)


def test_a_nested_value_is_found_or_none():
    assert value_at({"A": {"B": 1}}, "A.B") == 1
    assert value_at({"A": 1}, "A.B") is None
