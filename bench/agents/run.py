#!/usr/bin/env python3
"""What `ringfence run --agent X` costs beside the bare CLI on the host: the same agent, the same simulated model, one command and one answer.

    bench/agents/run.py [--runs 7] [--agent claude-code …]

Needs ./test to have fetched the agents once (artifacts/agents-cache). Prints a Markdown table. Runs alternate, bare and inside; memory is measured in a run of
its own, because looking costs time: the peak of what stands outside the sandbox (`Pss`, every 50 ms), with the launcher, without the agent.
"""
import argparse, json, os, pathlib, shutil, statistics, subprocess, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
cache = root / "artifacts/agents-cache/agents"
arguments = argparse.ArgumentParser()
arguments.add_argument("--runs", type=int, default=7)
arguments.add_argument("--agent", action="append", help="default: all that are there")
options = arguments.parse_args()
# Codex refuses a home in the temporary folder.
place = pathlib.Path(tempfile.mkdtemp(prefix="bench-agents-", dir=root / "artifacts"))
repository, user, home = place / "repository", place / "user", place / "home"
prompt, name = "Make made.txt", "simulated-model"


def program(agent):
    record = next(cache.glob(f"{agent}/*/ringfence.json"))
    return str(record.parent / json.loads(record.read_text())["executable"])


def node(agent):
    ours = sorted(cache.glob("node/*/node_modules/node-linux-*/bin/node"))
    return [str(ours[-1]) if ours else "node", program(agent)]


def claude(command):
    return lambda address: (
        [*command(), "-p", "--output-format", "stream-json", "--verbose", "--permission-mode", "bypassPermissions", "--model", name],
        {"ANTHROPIC_BASE_URL": address, "ANTHROPIC_AUTH_TOKEN": "bench", "ANTHROPIC_SMALL_FAST_MODEL": name, "IS_SANDBOX": "1",
         "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"})


def codex(address):
    settings = {"model_provider": "bench", "check_for_update_on_startup": False, "web_search": "disabled", "analytics.enabled": False, "features.plugins": False,
                "features.apps": False, "model_providers.bench.name": "bench", "model_providers.bench.base_url": address + "/v1",
                "model_providers.bench.env_key": "BENCH_TOKEN", "model_providers.bench.wire_api": "responses"}
    flags = [word for key, value in settings.items() for word in ("-c", f"{key}={json.dumps(value)}")]
    return ([program("codex"), "exec", "--json", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "--model", name, *flags, "-"],
            {"BENCH_TOKEN": "bench"})


def gemini(address):
    settings = user / ".gemini/settings.json"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": False},
                                    "general": {"enableAutoUpdate": False}, "model": {"name": name}}))
    return ([*node("gemini-cli"), "-o", "stream-json", "--yolo", "--skip-trust", "-m", name],
            {"GEMINI_API_KEY": "bench", "GOOGLE_GEMINI_BASE_URL": address, "GEMINI_CLI_TRUST_WORKSPACE": "true"})


def opencode(address):
    settings = {"autoupdate": False, "share": "disabled", "snapshot": False, "model": "bench/" + name, "small_model": "bench/" + name, "enabled_providers": ["bench"],
                "provider": {"bench": {"npm": "@ai-sdk/openai-compatible", "options": {"baseURL": address + "/v1", "apiKey": "bench"},
                                       "models": {name: {"limit": {"context": 200000, "output": 32000}}}}}}
    quiet = ("MODELS_FETCH", "AUTOUPDATE", "LSP_DOWNLOAD", "DEFAULT_PLUGINS")
    return ([program("opencode"), "run", "--format", "json", "--auto", "--dir", str(repository)],
            {"OPENCODE_CONFIG_CONTENT": json.dumps(settings), **{"OPENCODE_DISABLE_" + what: "1" for what in quiet}})


def qwen(address):
    return ([*node("qwen-code"), "-o", "stream-json", "--yolo", "--auth-type", "openai"],
            {"OPENAI_API_KEY": "bench", "OPENAI_BASE_URL": address + "/v1", "OPENAI_MODEL": name, "QWEN_USAGE_STATISTICS_ENABLED": "false"})


# Wire, shell tool and its argument, and how its users start it.
agents = {
    "claude-code": ("anthropic", "Bash", "command", claude(lambda: [program("claude-code")])),
    "codex": ("openai-responses", "exec_command", "cmd", codex),
    "gemini-cli": ("gemini", "run_shell_command", "command", gemini),
    "opencode": ("openai-chat", "bash", "command", opencode),
    "qwen-code": ("openai-chat", "run_shell_command", "command", qwen),
    "ringfence-agent": ("anthropic", "Bash", "command", claude(lambda: ["dotnet", str(root / "artifacts/agent/ringfence-agent.dll")])),
}


def pss(pid):
    try:
        return int(pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().split("\nPss:")[1].split()[0]) / 1024
    except PermissionError:
        return int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    except (OSError, IndexError):
        return 0  # it has ended


def tree(pid):
    """A process and all below it."""
    found = [pid]
    for parent in found:
        for task in pathlib.Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += map(int, task.read_text().split())
            except OSError:
                pass
    return found


def outside(pid):
    """Whether it is ours: the launcher, or a process that is in no sandbox."""
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")) == "rf-sandbox" or os.readlink(f"/proc/{pid}/ns/pid") == os.readlink("/proc/self/ns/pid")
    except OSError:
        return False


def timed(command, more, counts=None):
    """Wall milliseconds, and the peak in MiB of the processes that count; None looks at none."""
    environment = {**os.environ, "HOME": str(user), "PWD": str(repository), "RINGFENCE_HOME": str(home), "DOTNET_CLI_TELEMETRY_OPTOUT": "1", **more}
    peak, began = 0, time.perf_counter()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, cwd=repository, env=environment, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
        process.stdin.write(prompt.encode())
        process.stdin.close()
        while counts and process.poll() is None:
            peak = max(peak, sum(pss(one) for one in tree(process.pid) if counts(one)))
            time.sleep(0.05)
        process.wait()
        took = (time.perf_counter() - began) * 1000
        output.seek(0)
        assert process.returncode == 0, f"{command[:4]} ended with {process.returncode}: {output.read()[-2000:].decode(errors='replace')}"
    return took, peak


def script(tool, argument):
    path = place / "script.json"
    path.write_text(json.dumps({"conversations": [
        {"name": "side", "when": {"not": {"tool": tool}}, "repeat": True, "turns": [{"text": "A title"}]},
        {"name": "work", "when": {"tool": tool}, "repeat": True, "turns": [{"calls": [{"tool": tool, "input": {argument: "echo made > made.txt"}}]}, {"text": "Made."}]}],
        "turns": [{"text": "unused"}]}))
    return path


def compare(agent):
    wire, tool, argument, bare = agents[agent]
    model = subprocess.Popen(["dotnet", root / "artifacts/model/ringfence-model.dll", "--script", script(tool, argument)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        address = json.loads(model.stdout.readline())["address"]
        inside = (["dotnet", str(root / "artifacts/ringfence/ringfence.dll"), "run", "-p", prompt, "--agent", agent, "--model", name, "--json", "--upstream", f"{wire}={address}"], {})
        pairs = [(timed(*bare(address))[0], timed(*inside)[0]) for _ in range(options.runs + 1)][1:]  # the first fills caches
        _, whole = timed(*bare(address), counts=lambda _: True)
        _, beside = timed(*inside, counts=outside)
    finally:
        model.stdin.close()
        model.wait(10)
    outer, inner = (statistics.median(side) for side in zip(*pairs))
    more = statistics.median(b - a for a, b in pairs)
    print(f"| {agent} | {outer:.0f} | {inner:.0f} | {more:+.0f} | {inner / outer:.2f} | {whole:.0f} | {beside:.0f} |", flush=True)


try:
    user.mkdir(), (home / "agents").mkdir(parents=True), repository.mkdir()
    for folder in cache.glob("*/"):
        (home / "agents" / folder.name).symlink_to(folder)
    for words in (["init", "-q", "-b", "main"], ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-q", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    print(f"| {options.runs} runs each, load {os.getloadavg()[0]:.1f} | bare, ms | `ringfence run`, ms | more, ms | ratio | bare, MiB | beside the agent, MiB |\n|---|---|---|---|---|---|---|")
    for agent in options.agent or [agent for agent in agents if agent == "ringfence-agent" or list(cache.glob(f"{agent}/*/ringfence.json"))]:
        compare(agent)
finally:
    shutil.rmtree(place, ignore_errors=True)
