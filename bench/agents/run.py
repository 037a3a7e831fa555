#!/usr/bin/env python3
"""What an agent costs inside, beside the bare CLI on the host: the same agent, the same simulated model, one command and one answer.

    bench/agents/run.py [--runs 7] [--agent claude-code …]

Two ways in: `ringfence serve`, a warm process, from the call that asks for the run to the run's end on the record; and `ringfence run`, a whole program of its
own, from start to exit. Needs ./test to have fetched the agents once (artifacts/agents-cache). Prints a Markdown table. Runs alternate: bare, served, alone.
Memory is measured in runs of their own, because looking costs time (`Pss`, every 50 ms): for a served run, by how much what stands outside the sandbox grows at
its peak, launcher included; for `ringfence run`, the peak of all of it. The agent counts in neither.
"""
import argparse, contextlib, json, os, pathlib, shutil, statistics, subprocess, tempfile, threading, time, urllib.request

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
ringfence = ["dotnet", str(root / "artifacts/ringfence/ringfence.dll")]


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


class Server:
    """`ringfence serve`, warm."""

    def __init__(self, wire, address):
        self.process = subprocess.Popen(
            [*ringfence, "serve", "--listen", "127.0.0.1:0", "--repo-root", str(place), "--upstream", f"{wire}={address}"],
            env={**os.environ, "HOME": str(user), "RINGFENCE_HOME": str(place / "served")}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "rf_live_" in line:
                Server.key = line[line.index("rf_live_"):].strip()
            if line.startswith("Serving on "):
                self.address = line[len("Serving on "):].strip()
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def call(self, path, body=None):
        request = urllib.request.Request(self.address + path, data=body and json.dumps(body).encode(), headers={"Authorization": "Bearer " + Server.key, "Content-Type": "application/json"})
        return urllib.request.urlopen(request)

    def run(self, agent):
        """Milliseconds from the call to the run's end."""
        began = time.time()
        run = json.load(self.call("/v1/runs", {"repo": str(repository), "prompt": prompt, "agent": agent, "model": name}))["id"]
        for line in self.call(f"/v1/runs/{run}/events"):
            event = json.loads(line[6:]) if line.startswith(b"data: ") else {}
            if event.get("type") == "run.ended":
                ended = event
        assert ended["data"]["status"] == "completed", ended
        return (ended["at_us"] / 1e6 - began) * 1000

    def growth(self, agent):
        """MiB that stand outside the sandbox at the run's peak and did not before it."""
        before, peak = pss(self.process.pid), 0
        worker = threading.Thread(target=self.run, args=[agent])
        worker.start()
        while worker.is_alive():
            peak = max(peak, sum(pss(one) for one in tree(self.process.pid) if outside(one)))
            time.sleep(0.05)
        return peak - before

    def close(self):
        self.process.terminate()
        self.process.wait(30)


def compare(agent):
    wire, tool, argument, bare = agents[agent]
    with contextlib.ExitStack() as ends:
        model = subprocess.Popen(["dotnet", root / "artifacts/model/ringfence-model.dll", "--script", script(tool, argument)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ends.callback(lambda: (model.stdin.close(), model.wait(10)))
        address = json.loads(model.stdout.readline())["address"]
        server = Server(wire, address)
        ends.callback(server.close)
        inside = ([*ringfence, "run", "-p", prompt, "--agent", agent, "--model", name, "--json", "--upstream", f"{wire}={address}"], {})
        for _ in range(5):  # fills caches, and has the server compiled
            server.run(agent)
        rows = [(timed(*bare(address))[0], server.run(agent), timed(*inside)[0]) for _ in range(options.runs + 1)][1:]
        _, whole = timed(*bare(address), counts=lambda _: True)
        grown = statistics.median(server.growth(agent) for _ in range(3))
        _, beside = timed(*inside, counts=outside)
    outer, served, alone = (statistics.median(side) for side in zip(*rows))
    more, further = (statistics.median(row[at] - row[0] for row in rows) for at in (1, 2))
    print(f"| {agent} | {outer:.0f} | {served:.0f} | {more:+.0f} | {served / outer:.2f} | {alone:.0f} | {further:+.0f} | {whole:.0f} | {grown:+.0f} | {beside:.0f} |", flush=True)


try:
    user.mkdir(), repository.mkdir()
    for folder in (home, place / "served"):
        (folder / "agents").mkdir(parents=True)
        for agent in cache.glob("*/"):
            (folder / "agents" / agent.name).symlink_to(agent)
    for words in (["init", "-q", "-b", "main"], ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-q", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *words], cwd=repository, check=True)
    print(f"| {options.runs} runs each, load {os.getloadavg()[0]:.1f} | bare, ms | served, ms | more, ms | ratio | `ringfence run`, ms | more, ms | bare, MiB | served, MiB more | beside `ringfence run`, MiB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for agent in options.agent or [agent for agent in agents if agent == "ringfence-agent" or list(cache.glob(f"{agent}/*/ringfence.json"))]:
        compare(agent)
finally:
    shutil.rmtree(place, ignore_errors=True)
