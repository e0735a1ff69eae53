"""
Starts the judge: MiniStack's environment variables, and

- ``REHEARSAL_RECORD``: file to which each change of a resource is written, as a line of JSON
- ``REHEARSAL_REGION``: whose schemas there are
- ``REHEARSAL_ORDER``: ``forward`` (as MiniStack orders) or ``reverse``
- ``REHEARSAL_GRAFANA``: origin of what stands in for Managed Grafana
"""

from __future__ import annotations

import os
from pathlib import Path

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import engine, provisioners, stacks

from . import apis, fixes, grafana, standins
from .judge import Judge
from .order import latest_name_first
from .registry import Registry
from .spark import APPLICATION, Spark
from .stubs import Place, Stubs
from .world import EmulatorWorld


#: Types of which MiniStack refuses what AWS takes: alarms on metric math.
_HALF_NATIVE = frozenset({"AWS::CloudWatch::Alarm"})


def _stand_ins(endpoint: str, workspaces: grafana.Grafana) -> dict[str, dict[str, object]]:
    upload = standins.Upload(endpoint)
    return {
        "AWS::EC2::SecurityGroupIngress": {"create": standins.ingress_create, "delete": standins.ingress_delete},
        "AWS::MSK::Cluster": {
            "create": standins.cluster_create,
            "update": standins.cluster_update,
            "delete": standins.cluster_delete,
        },
        grafana.WORKSPACE: {"create": workspaces.create, "update": workspaces.update, "delete": workspaces.delete},
        "Custom::CDKBucketDeployment": {"create": upload.create, "update": upload.update, "delete": upload.delete},
    }


def _stub(stubs: Stubs, type_name: str) -> dict[str, object]:
    return {
        "create": lambda logical_id, props, stack: stubs.create(type_name, logical_id, props, stack),
        "update": lambda physical_id, old, new, stack: stubs.update(type_name, physical_id, old, new, stack),
        "delete": lambda physical_id, props: stubs.delete(type_name, physical_id),
    }


def main() -> None:
    registry = Registry(os.environ["REHEARSAL_REGION"])
    stubs = Stubs(registry, lambda: Place(get_account_id(), get_region()))
    handlers = provisioners._RESOURCE_HANDLERS
    endpoint = f"http://{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"

    spark = Spark(stubs)
    workspaces = grafana.Grafana(stubs, os.environ["REHEARSAL_GRAFANA"])
    stand_ins = _stand_ins(endpoint, workspaces)
    native = handlers.keys() - _HALF_NATIVE
    lacking = [name for name in registry.types if name not in native and name not in stand_ins]
    handlers.update(stand_ins)
    handlers.update({name: _stub(stubs, name) for name in lacking})

    ways = {**dict.fromkeys(lacking, "stub"), **dict.fromkeys([*stand_ins, APPLICATION], "stand-in")}
    record = Path(os.environ["REHEARSAL_RECORD"])
    judge = Judge(registry, EmulatorWorld(stubs, spark), ways, record, finish={"AWS::S3::Bucket": fixes.tag_bucket})
    stacks._provision_resource = judge.creating(stacks._provision_resource)
    stacks._update_resource = judge.updating(stacks._update_resource)
    stacks._delete_resource = judge.deleting(stacks._delete_resource)
    if os.environ.get("REHEARSAL_ORDER") == "reverse":
        stacks._topological_sort = latest_name_first(engine._extract_deps)
    fixes.over_tls()
    fixes.clusters_by_arn()
    fixes.nodes_of_their_own()
    apis.serve([spark, workspaces])
    app.main()


main()
