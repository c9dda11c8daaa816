"""python -m terraform.diagram [--check]: the private network as a picture, drawn from the modules and their example."""

import re
import sys
from collections.abc import Iterator
from html import escape
from ipaddress import ip_network
from pathlib import Path

from terraform.checks.names import Module
from terraform.checks.tree import Attribute, Block

ROOT = Path(__file__).parents[1]
DRAWN = "docs/guides/private_network.svg"
STALE = f"{DRAWN} is not what the modules are: python -m terraform.diagram"

INK, FAINT = "#1f2933", "#5f6c7b"
COLOURS = {"vpc": "#2f6f4f", "run": "#1d5f8a", "endpoint": "#7a4fa3", "outside": "#5f6c7b"}
LEFT, WIDE, HIGH = 60, 1000, 810


class Plan:
    """What the picture shows, read from the code."""

    def __init__(self, folder: Path) -> None:
        self.example = Module(folder / "examples" / "claims")
        self.modules = {path.name: Module(path) for path in sorted((folder / "modules").iterdir()) if path.is_dir()}
        self.network = self.modules["network"]
        self.name = _words(self.example.variables["name"].attribute("default"))[0]
        self.region = _words(self.example.variables["region"].attribute("default"))[0]
        self.zones = _words(self.example.variables["zones"].attribute("default"))
        self.services = _words(self.network.variables["interface_endpoints"].attribute("default"))
        self.cidr = _words(self.network.variables["cidr"].attribute("default"))[0]
        internet = _text(self.network.variables["internet"].attribute("default")) == "true"
        self.way_out = "one NAT gateway" if internet else "no internet gateway"

    @property
    def subnets(self) -> list[str]:
        cut = re.search(
            r"cidrsubnet\(var\.cidr,(\d+)", _text(_of(self.network, "aws_subnet.private").attribute("cidr_block"))
        )
        assert cut is not None
        blocks = list(ip_network(self.cidr).subnets(int(cut[1])))
        return [str(block) for block in blocks[: len(self.zones)]]

    def is_used(self, module: str) -> bool:
        sources = (_text(call.attribute("source")) for call in self.example.calls.values())
        return any(source.strip('"').endswith(f"/{module}") for source in sources)

    def ports(self, module: str, rule: str) -> str:
        """The ports of a rule that lets runs out, one or several."""
        described = self.modules[module]
        block = _of(described, f"aws_vpc_security_group_egress_rule.{rule}")
        port = _text(block.attribute("from_port"))
        if port == "each.value":
            port = _text(described.locals[_text(block.attribute("for_each")).removeprefix("local.")])
        return ", ".join(re.findall(r"\d+", port))

    def schedules(self) -> Iterator[str]:
        calls = (call for call in self.example.calls.values() if call.attribute("schedules") is not None)
        for call in calls:
            yield from re.findall(r'(?:cron|rate)\([^"]*\)', _text(call.attribute("schedules"), " "))

    def alarms(self) -> list[str]:
        kinds = ("aws_cloudwatch_event_rule", "aws_cloudwatch_metric_alarm")
        return [labels[1].replace("_", " ") for labels in self.modules["orchestrator"].things if labels[0] in kinds]


def drawn(folder: Path) -> str:
    plan = Plan(folder)
    right = LEFT + WIDE
    parts = [
        _box(20, 20, right + 20, 655, COLOURS["outside"], f"AWS account, {plan.region}", fill="#f7f8fa"),
        _box(LEFT, 165, WIDE, 375, COLOURS["vpc"], f"VPC {plan.name}, {plan.cidr}", wide=2),
        _note(right - 14, 189, plan.way_out, COLOURS["vpc"], "end", 600),
        _note(LEFT + 32, 659, "one key encrypts logs, secrets, images, schedules and alerts", FAINT),
    ]
    parts += _columns(plan)
    parts += _above(plan)
    parts += _endpoints(plan)
    body = "\n".join(parts)
    size = f'viewBox="0 0 {right + 60} {HIGH}" width="{right + 60}" height="{HIGH}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="system-ui, sans-serif" role="img">\n'
        "<!-- Made by terraform/diagram.py from the modules: edit those, then run it. -->\n"
        f"<title>The private network of {escape(plan.name)}</title>\n"
        '<defs><marker id="to" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0 8 4 0 8z" fill="{FAINT}"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _columns(plan: Plan) -> Iterator[str]:
    gap = 14
    wide = (WIDE - 2 * 20 - 2 * gap) / 3
    for index, (zone, subnet) in enumerate(zip(plan.zones, plan.subnets, strict=True)):
        left = LEFT + 20 + index * (wide + gap)
        yield _box(left, 205, wide, 315, "#b7d3c4", "", fill="#f2f8f5")
        yield _note(left + 12, 226, zone, COLOURS["vpc"], weight=600)
        yield _note(left + wide - 12, 226, f"private, {subnet}", FAINT, "end")


def _above(plan: Plan) -> Iterator[str]:
    """The clock and the alarm, and the runs between them."""
    yield _box(LEFT, 60, 370, 62, COLOURS["run"], "EventBridge Scheduler", [", ".join(plan.schedules())])
    yield _box(LEFT + WIDE - 370, 60, 370, 62, COLOURS["run"], "Alerts, by SNS", ["runs: " + ", ".join(plan.alarms())])
    lines = [
        "Fargate: no public address, no role, an image that is not written to",
        "security group workload: nothing in",
    ]
    yield _box(LEFT + 40, 245, WIDE - 80, 84, COLOURS["run"], "Runs: framework run PIPELINE", lines, wide=2)
    between = (LEFT + 337, LEFT + WIDE - 337)  # two zones
    yield _arrow(between[0], 122, 245) + _note(between[0] + 10, 148, "starts", INK)
    yield _arrow(between[1], 245, 122) + _note(between[1] - 10, 148, "how they end", INK, "end")


def _endpoints(plan: Plan) -> Iterator[str]:
    """A column for each way out: the ports, the endpoint, and what is behind it."""
    zone = _text(plan.modules["snowflake_privatelink"].locals["zone"]).strip('"')
    services = re.findall(r"(\w+)=", _text(plan.modules["databricks_privatelink"].locals["services"]))
    behind = {"ecr.api": "ECR", "ecr.dkr": "ECR", "logs": "CloudWatch Logs", "secretsmanager": "Secrets Manager"}
    known = list(dict.fromkeys(behind.get(name, name) for name in plan.services))
    columns = (
        ("network", "workload_to_s3", 200, "S3 gateway", ["layers of images,", "the warehouse's stage"], ["S3"], 575),
        ("network", "workload_to_endpoints", 240, "AWS services", _pairs(plan.services), _pairs(known), 575),
        ("snowflake_privatelink", "from_workload", 260, "Snowflake", ["answers for", zone], ["Snowflake account"], 715),
        ("databricks_privatelink", "from_workload", 190, "Databricks", services, ["Databricks workspace"], 715),
    )
    left: float = LEFT + 32
    for module, rule, wide, title, lines, far, low in columns:
        middle, dashed = left + wide / 2, not plan.is_used(module)
        yield _arrow(middle, 329, 400, dashed) + _note(middle + 10, 369, plan.ports(module, rule), INK)
        yield _box(left, 400, wide, 100, COLOURS["endpoint"], title, lines, dashed=dashed)
        yield _arrow(middle, 500, low, dashed)
        yield _box(left, low, wide, 56, COLOURS["outside"], "", dashed=dashed)
        for index, line in enumerate(far):
            yield _note(middle, low + 42 - 10 * len(far) + 19 * index, line, INK, "middle", 600)
        left += wide + 15
    if not plan.is_used("databricks_privatelink"):
        yield _note(left - 15, 795, "dashed: a module that the example does not use", FAINT, "end")


# -- shapes


def _box(
    x: float,
    y: float,
    width: float,
    height: float,
    colour: str,
    title: str,
    lines: list[str] | None = None,
    *,
    fill: str = "#ffffff",
    wide: int = 1,
    dashed: bool = False,
) -> str:
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    shape = f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" fill="{fill}" stroke="{colour}"'
    found = [f'{shape} stroke-width="{wide + 0.5}"{dash}/>']
    if title:
        found.append(_note(x + 14, y + 24, title, colour, weight=600, size=15))
    for index, line in enumerate(lines or []):
        found.append(_note(x + 14, y + 46 + 19 * index, line, INK))
    return "\n".join(found)


def _note(
    x: float, y: float, text: str, colour: str, anchor: str = "start", weight: int = 400, size: float = 12.5
) -> str:
    at = f'x="{x:g}" y="{y:g}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}"'
    return f'<text {at} font-size="{size:g}">{escape(text)}</text>'


def _arrow(x: float, y: float, to: float, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<path d="M{x:g} {y:g} V{to:g}" fill="none" stroke="{FAINT}" stroke-width="1.5" marker-end="url(#to)"{dash}/>'
    )


def _pairs(names: list[str]) -> list[str]:
    return [", ".join(names[index : index + 2]) for index in range(0, len(names), 2)]


# -- the code


def _of(module: Module, address: str) -> Block:
    return module.things[tuple(address.split("."))]


def _text(attribute: Attribute | None, between: str = "") -> str:
    assert attribute is not None
    return between.join(str(token).strip() for token in attribute.tree.scan_values(lambda value: True))


def _words(attribute: Attribute | None) -> list[str]:
    """The plain texts in a value; of an object its keys too."""
    assert attribute is not None
    tokens = [str(token).strip() for token in attribute.tree.scan_values(lambda value: True)]
    return [token for token in tokens if re.fullmatch(r"[\w./-]+", token)]


def main() -> int:
    made, path = drawn(ROOT / "terraform"), ROOT / DRAWN
    if "--check" in sys.argv[1:]:
        if not path.is_file() or path.read_text(encoding="utf-8") != made:
            print(STALE)
            return 1
        return 0
    path.write_text(made, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
