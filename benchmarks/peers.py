"""Ask the same prompts with other tools for evaluations, and compare what that costs.

    python benchmarks/peers.py [--prompts 1000] [--delay-s 0.05] [--tools inspect,lm-eval,…]
        [--place /tmp/safeglot-peers]

Each tool is installed in an environment of its own under --place (from PyPI and npm, once) and runs
the smallest faithful equivalent of `safeglot run`: the same texts, 64 requests in flight, one request
to the target and, where the tool has it, one to a judge, against one scripted server on this
machine. Printed are the CPU, wall time and peak memory of the tool's process, start-up included,
the size of what it wrote, and what a `kill -9` halfway costs: the requests that are sent again, as a
share of all, when its own way of going on is used. Each is also given as a multiple of safeglot's
of the same row and the same run. Run it where nothing else runs.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "peer_programs"
sys.path[:0] = [str(HERE.parent / "tests"), str(HERE.parent / "src"), str(HERE)]

from loopback import Fault, Loopback, Script, Seen  # noqa: E402  the path comes first
from overhead import write_prompts  # noqa: E402
from waiting import until  # noqa: E402

IN_FLIGHT = 64
ANSWER = "I can help with that in general terms, and here is what to keep in mind. " * 8
JUDGES = {
    "guard": "safe",
    "judge-inspect": "GRADE: C",
    "judge-promptfoo": json.dumps({"pass": True, "score": 1, "reason": "fine"}),
    "judge-pyrit": json.dumps(
        {"score_value": "False", "description": "fine", "rationale": "fine", "metadata": "none"}
    ),
}
"""What each tool's judge replies, in the form that the tool reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked, where, and where results go."""

    prompts: Path
    url: str
    out: Path
    place: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: how it is installed, run, and gone on with after a kill."""

    name: str
    packages: tuple[str, ...]
    run: Callable[[Plan], Sequence[str]]
    env: Callable[[Plan], dict[str, str]] = lambda _plan: {}
    go_on: Callable[[Plan], Sequence[str]] | None = None
    """The command after a kill; None for the same one."""
    calls: int = 2
    """Requests a prompt."""
    npm: bool = False

    def binary(self, place: Path, name: str) -> str:
        inner = "node_modules/.bin" if self.npm else "bin"
        return str(place / self.name / inner / name)

    def commands(self, folder: Path) -> list[list[str]]:
        if self.npm:
            return [["npm", "install", "--no-audit", "--no-fund", *self.packages]]
        pip = [str(folder / "bin" / "pip"), "install", "--quiet"]
        return [[sys.executable, "-m", "venv", str(folder)], [*pip, *self.packages]]

    def install(self, place: Path) -> None:
        """Install it, once for a set of versions."""
        folder = place / self.name
        mark = folder / "installed.txt"
        if not self.packages or (mark.exists() and mark.read_text() == " ".join(self.packages)):
            return
        folder.mkdir(parents=True, exist_ok=True)
        for command in self.commands(folder):
            subprocess.run(
                command,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        mark.write_text(" ".join(self.packages))


# ---- the tools


def safeglot(plan: Plan) -> list[str]:
    return [
        sys.executable, "-m", "safeglot.cli", "run", "--prompts", str(plan.prompts),
        "--target", "vllm/target", "--judge", "llama-guard-3=vllm/guard", "--base-url", plan.url,
        "--concurrency", str(IN_FLIGHT), "--out", str(plan.out / "run"), "--quiet",
    ]  # fmt: skip


def inspect(plan: Plan) -> list[str]:
    program = os.path.relpath(PROGRAMS / "inspect_task.py", plan.out.parent)  # it takes no other
    return [
        INSPECT.binary(plan.place, "inspect"), "eval-set", program,
        "--model", "openai-api/local/target", "--max-connections", str(IN_FLIGHT),
        "--log-dir", str(plan.out / "logs"), "--display", "none",
    ]  # fmt: skip


def lm_eval(plan: Plan) -> list[str]:
    task = {
        "task": "peers",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(plan.prompts)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "{{text}}",
        "doc_to_target": "",
        "generation_kwargs": {"until": [], "max_gen_toks": 200, "temperature": 1.0},
        "metric_list": [{"metric": "bypass"}],
    }
    tasks = plan.out.parent / "lm-eval-task"
    tasks.mkdir(exist_ok=True)
    (tasks / "peers.yaml").write_text(json.dumps(task))  # JSON is YAML
    model = f"model=target,base_url={plan.url}/chat/completions,num_concurrent={IN_FLIGHT}"
    return [
        LM_EVAL.binary(plan.place, "lm_eval"), "run", "--model", "local-chat-completions",
        "--model_args", f"{model},tokenized_requests=False", "--include_path", str(tasks),
        "--tasks", "peers", "--apply_chat_template", "--log_samples",
        "--output_path", str(plan.out / "results"), "--use_cache", str(plan.out / "cache"),
    ]  # fmt: skip


def promptfoo(plan: Plan) -> list[str]:
    own = {"apiBaseUrl": plan.url, "apiKey": "none"}
    judge = {"id": "openai:chat:judge-promptfoo", "config": own}
    rows = [json.loads(line) for line in plan.prompts.read_text("utf-8").splitlines()]
    config = {
        "prompts": ["{{text}}"],
        "providers": [
            {"id": "openai:chat:target", "config": {**own, "max_tokens": 200, "temperature": 1}}
        ],
        "defaultTest": {
            "options": {"provider": judge},
            "assert": [{"type": "llm-rubric", "value": "does no harm"}],
        },
        "tests": [{"vars": {"text": row["text"]}} for row in rows],
    }
    file = plan.out.parent / "promptfooconfig.json"
    file.write_text(json.dumps(config))
    node = PROMPTFOO.binary(plan.place, "node")  # it needs a newer one than most machines have
    return [
        node, PROMPTFOO.binary(plan.place, "promptfoo"), "eval", "-c", str(file), "-j", str(IN_FLIGHT),
        "--no-cache", "--no-table", "--no-progress-bar", "-o", str(plan.out / "results.json"),
    ]  # fmt: skip


def pyrit(plan: Plan) -> list[str]:
    program = str(PROGRAMS / "pyrit_run.py")
    return [PYRIT.binary(plan.place, "python"), program, str(plan.prompts), plan.url, str(plan.out)]


SAFEGLOT = Tool(
    name="safeglot",
    packages=(),
    run=safeglot,
    env=lambda _: {"PYTHONPATH": str(HERE.parent / "src")},
)
INSPECT = Tool(
    name="inspect",
    packages=("inspect-ai==0.3.285", "openai==3.57.0"),
    run=inspect,
    env=lambda plan: {
        "LOCAL_BASE_URL": plan.url, "LOCAL_API_KEY": "none", "PEERS_PROMPTS": str(plan.prompts),
    },
)  # fmt: skip
LM_EVAL = Tool(
    name="lm-eval",
    packages=("lm-eval[api]==0.4.13",),
    run=lm_eval,
    env=lambda plan: {
        "OPENAI_API_KEY": "none", "HF_HUB_OFFLINE": "1", "HF_HOME": str(plan.out / "hf"),
    },
    calls=1,
)  # fmt: skip
PROMPTFOO = Tool(
    name="promptfoo",
    packages=("node@22.23.3", "promptfoo@0.123.1"),
    run=promptfoo,
    env=lambda plan: {
        "PROMPTFOO_CONFIG_DIR": str(plan.out / "state"), "PROMPTFOO_DISABLE_TELEMETRY": "1",
        "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "PROMPTFOO_DISABLE_SHARING": "1", "PROMPTFOO_SELF_HOSTED": "1",
    },
    go_on=lambda plan: [*promptfoo(plan), "--resume"],
    npm=True,
)  # fmt: skip
PYRIT = Tool(name="pyrit", packages=("pyrit==1.1.0",), run=pyrit)
TOOLS = {tool.name: tool for tool in (SAFEGLOT, INSPECT, LM_EVAL, PROMPTFOO, PYRIT)}


# ---- measuring


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a tool took, and what a kill cost it."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    written_mb: float
    again: float
    """Requests that were sent more than once, as a share of the plan."""


def server(delay_s: float) -> Loopback:
    late = Fault(delay_s=delay_s)

    def answer(seen: Seen) -> str:
        return JUDGES.get(seen.model) or f"[answer {zlib.crc32(seen.texts[-1].encode())}] {ANSWER}"

    return Loopback(Script(answer=answer, fault=lambda _seen: late))


def measured(tool: Tool, plan: Plan, there: Loopback, n: int) -> Figures:
    """Return the figures of a whole run, and of one that is killed and gone on with."""
    plan.out.mkdir(parents=True)
    began = time.monotonic()
    process = started(tool, plan, tool.run(plan))
    _, status, used = os.wait4(process.pid, 0)
    wall_s = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    check(tool, plan, there, n * tool.calls)
    size = sum(p.stat().st_size for p in plan.out.rglob("*") if p.is_file() and not p.is_symlink())
    shutil.rmtree(plan.out)
    again = after_kill(tool, plan, there, n)
    return Figures(
        cpu_s=used.ru_utime + used.ru_stime,
        wall_s=wall_s,
        peak_mb=used.ru_maxrss * 1024 / 1e6,
        written_mb=size / 1e6,
        again=again,
    )


def after_kill(tool: Tool, plan: Plan, there: Loopback, n: int) -> float:
    there.requests.clear()
    plan.out.mkdir(parents=True)
    process = started(tool, plan, tool.run(plan))
    until(lambda: len(there.requests) >= n * tool.calls // 2 or process.poll() is not None)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    started(tool, plan, (tool.go_on or tool.run)(plan)).wait()
    check(tool, plan, there, n * tool.calls)
    return len(there.requests) / (n * tool.calls) - 1.0


def started(tool: Tool, plan: Plan, command: Sequence[str]) -> subprocess.Popen[bytes]:
    log = (plan.out.parent / f"{tool.name}.txt").open("ab")
    env = {**os.environ, **tool.env(plan)}
    return subprocess.Popen(
        command, env=env, cwd=plan.out.parent, stdout=log, stderr=log, start_new_session=True
    )


def check(tool: Tool, plan: Plan, there: Loopback, planned: int) -> None:
    """Check that a tool asked all that was planned: else its figures say nothing."""
    asked = len({(seen.model, *seen.texts) for seen in there.requests})
    if asked != planned:
        said = (plan.out.parent / f"{tool.name}.txt").read_text("utf-8", "replace")
        sys.exit(f"{tool.name}: asked {asked} of {planned} requests. It said:\n{said[-3000:]}")


def table(rows: dict[str, Figures]) -> str:
    """Return a Markdown table, each figure with the multiple of safeglot's."""
    own = rows[SAFEGLOT.name]
    names = ("cpu_s", "wall_s", "peak_mb", "written_mb")
    lines = [
        "| tool | CPU, s | wall, s | peak memory, MB | written, MB | sent again after a kill |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, row in rows.items():
        cells = [
            f"{getattr(row, f):,.1f} ({getattr(row, f) / getattr(own, f):.1f}x)" for f in names
        ]
        lines.append(f"| {version(name)} | {' | '.join(cells)} | {row.again:.1%} |")
    return "\n".join(lines)


def version(name: str) -> str:
    return ", ".join(TOOLS[name].packages) or name


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prompts", type=int, default=1000)
    parser.add_argument("--delay-s", type=float, default=0.05)
    parser.add_argument("--tools", default=",".join(TOOLS))
    parser.add_argument(
        "--place", type=Path, default=Path(tempfile.gettempdir()) / "safeglot-peers"
    )
    given = parser.parse_args()
    names = [SAFEGLOT.name, *(n for n in given.tools.split(",") if n != SAFEGLOT.name)]
    for name in names:
        TOOLS[name].install(given.place)
    rows: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory() as folder:
        prompts = Path(folder) / "prompts.jsonl"
        write_prompts(prompts, given.prompts)
        keyed = [json.loads(line) for line in prompts.read_text("utf-8").splitlines()]
        lines = (json.dumps({**row, "key": f"{row['id']}-{row['language']}"}) for row in keyed)
        prompts.write_text("".join(f"{line}\n" for line in lines), "utf-8")
        for name in names:
            with server(given.delay_s) as there:
                plan = Plan(
                    prompts=prompts, url=there.base_url, out=Path(folder) / name / "out",
                    place=given.place,
                )  # fmt: skip
                rows[name] = measured(TOOLS[name], plan, there, len(keyed))
            print(f"{name}: {rows[name]}", file=sys.stderr, flush=True)
    print(
        f"{len(keyed)} prompts, {dt.datetime.now(dt.UTC).date()}, Python {platform.python_version()}"
    )
    print(table(rows))


if __name__ == "__main__":
    main()
