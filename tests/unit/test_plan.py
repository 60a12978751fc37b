"""What would happen if a trial were started, from what is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from edgead.console.nodes.fleet import Fleet
from edgead.console.nodes.health.check import HealthCheck
from edgead.console.nodes.inventory import Cluster, Node
from edgead.console.running.plan import EMBEDDED, Plan, make_plan
from edgead.console.runs.run_lines import RunLine
from edgead.models.spec import TrialSpec

NODES = tuple(Node(f"x-{n}", f"10.0.0.{n}", ports=(20000, 20999)) for n in (1, 2))
CLUSTER = Cluster("lab", Path("cluster.toml"), NODES)
SPEC = TrialSpec(synthetic=True, workers=3)


def said(plan: Plan) -> dict[str, str]:
    return {line.name: line.text for line in plan.lines}


def plan_of(spec=SPEC, cluster=CLUSTER, fleet=None, runs=(), folder=Path("/nowhere")) -> Plan:
    statuses = fleet.statuses if fleet else {}
    return make_plan(spec, cluster, statuses, Path("/nowhere"), folder, runs)


def test_tasks_ports_and_data_are_told():
    plan = plan_of()
    assert said(plan)["this machine"] == "chief 0"
    assert said(plan)["x-1"] == "ps 0, worker 0, worker 2 · python3"
    assert said(plan)["x-2"] == "worker 1 · python3"
    assert "20000 to 20999, on loopback, through SSH" in said(plan)["ports"]
    assert "SYNTHETIC" in said(plan)["data"]
    assert plan.ready


def test_open_ports_are_warned_of_and_embedded_ones_are_not():
    direct = replace(CLUSTER, nodes=tuple(replace(node, transport="direct") for node in NODES))
    (line,) = [line for line in plan_of(cluster=direct).lines if line.name == "ports"]
    assert line.level == "warn" and "OPEN to the network" in line.text
    assert "this machine's loopback" in said(plan_of(cluster=EMBEDDED))["ports"]


def test_a_centralised_trial_needs_no_nodes():
    plan = plan_of(replace(SPEC, strategy="central"), cluster=None)
    assert said(plan).keys() == {"this machine", "data"} and plan.ready


def test_what_can_not_be_placed_can_not_be_started():
    plan = plan_of(replace(SPEC, ps_node="y-9"))
    assert not plan.ready and "no node is named y-9" in said(plan)["placement"]
    assert not plan_of(cluster=None).ready


def test_missing_data_is_downloaded_where_it_can_be():
    plan = plan_of(TrialSpec())
    assert "downloaded first, 122 MB" in said(plan)["data"] and plan.ready
    swat = TrialSpec(preset="paper-swat", dataset="swat", model="lstm-autoencoder")
    assert not plan_of(swat).ready


def test_what_is_to_ship_is_known_once_the_same_data_was_coded(tmp_path):
    assert "the first trial will say" in said(plan_of(folder=tmp_path))["to ship"]
    (tmp_path / "a.f32").write_bytes(bytes(1_500_000))
    run = RunLine("T-001", replace(SPEC, seed=9), shards=("a.f32",))
    other = RunLine("T-002", replace(SPEC, rows=5), shards=("b.f32",))
    plan = plan_of(folder=tmp_path, runs=(other, run))
    assert said(plan)["to ship"] == "1 files, 1.5 MB, to each of 2 nodes that has them not"
    gone = RunLine("T-003", SPEC, shards=("c.f32",))
    assert "the first trial" in said(plan_of(folder=tmp_path, runs=(gone,)))["to ship"]


def test_lost_nodes_stop_it_and_failing_checks_are_shown_with_their_remedy():
    fleet = Fleet.of("lab", NODES)
    assert "not all were run" in said(plan_of(fleet=fleet))["checks"]
    one, two = fleet.statuses.values()
    one.checks["power"] = HealthCheck("x-1", "power", "warn", "MODE_15W", "edgead-console nodes …")
    two.checks["reach"] = HealthCheck("x-2", "reach", "ok", "well")
    (line,) = [each for each in plan_of(fleet=fleet).lines if each.level == "warn" and each.remedy]
    assert (line.name, line.text) == ("x-1", "power: MODE_15W")
    assert plan_of(fleet=fleet).ready
    two.state = "lost"
    assert not plan_of(fleet=fleet).ready
    elsewhere = replace(SPEC, ps_node="x-1", worker_nodes=("x-1",) * 3)
    assert plan_of(elsewhere, fleet=fleet).ready
