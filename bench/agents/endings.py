#!/usr/bin/env python3
"""How every agent ends a run when its model fails, each way: a Markdown table of reason, seconds and words.

    bench/agents/endings.py [--time 40] [--silence 20] [--agent codex …] [--failure cut …] [--together 4]

Real agents in the full sandbox against the simulated model: one command, which is kept, and then every answer fails. `--time` bounds those that retry for minutes;
`--silence` those that wait. Needs ./test to have fetched the agents once (artifacts/agents-cache).
"""
import argparse, concurrent.futures, json, os, pathlib, shutil, subprocess, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
cache = root / "artifacts/agents-cache/agents"
agents = {
    "claude-code": ("anthropic", "Bash", "command"),
    "codex": ("openai-responses", "exec_command", "cmd"),
    "gemini-cli": ("gemini", "run_shell_command", "command"),
    "opencode": ("openai-chat", "bash", "command"),
    "qwen-code": ("openai-chat", "run_shell_command", "command"),
    "ringfence-agent": ("anthropic", "Bash", "command"),
}
text = "An answer that is long enough to come in pieces."
failures = {
    "cut in every answer": {"text": text, "chunk": 4, "pace": "30ms", "cut": {"events": 8}},
    "overloaded": {"status": 529, "error": "overloaded_error: Overloaded"},
    "rate limited": {"status": 429, "error": "rate_limit_error: slow down"},
    "broken": {"status": 500, "error": "api_error: Internal server error"},
    "key refused": {"status": 401, "error": "authentication_error: invalid x-api-key"},
    "context too long": {"status": 400, "error": "invalid_request_error: prompt is too long: 250000 tokens"},
    "no answer": {"fault": "never"},
    "silent in the middle": {"text": text, "fault": "stall"},
    "error in the middle": {"text": text, "fault": "error_event"},
    "a page instead": {"fault": "html"},
    "nothing more to do": {"text": "There is nothing more to do."},
}
arguments = argparse.ArgumentParser()
arguments.add_argument("--time", type=int, default=40)
arguments.add_argument("--silence", type=int, default=20)
arguments.add_argument("--together", type=int, default=4)
arguments.add_argument("--agent", action="append", choices=agents)
arguments.add_argument("--failure", action="append", choices=failures)
options = arguments.parse_args()


def script(tool, argument, failure):
    return {"conversations": [{"name": "side", "when": {"not": {"tool": tool}}, "repeat": True, "turns": [{"text": "A title"}]}],
            "turns": [{"calls": [{"tool": tool, "input": {argument: "echo made > first.txt"}}]}, {**failures[failure], "times": 1000}]}


def ending(agent, failure):
    wire, tool, argument = agents[agent]
    place = pathlib.Path(tempfile.mkdtemp(prefix="bench-endings-"))
    try:
        home, repository = place / "home", place / "repository"
        (home / "agents").mkdir(parents=True), repository.mkdir()
        for folder in cache.glob("*/"):
            (home / "agents" / folder.name).symlink_to(folder)
        for words in (["init", "-q", "-b", "main"], ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-q", "--allow-empty", "-m", "start"]):
            subprocess.run(["git", *words], cwd=repository, check=True)
        (place / "script.json").write_text(json.dumps(script(tool, argument, failure)))
        model = subprocess.Popen(["dotnet", root / "artifacts/model/ringfence-model.dll", "--script", place / "script.json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            address, began = json.loads(model.stdout.readline())["address"], time.time()
            run = subprocess.run(
                ["dotnet", root / "artifacts/ringfence/ringfence.dll", "run", "-p", "Do it", "--agent", agent, "--model", "simulated-model", "--json", "--max-cost", "10000",
                 "--timeout", f"{options.time}s", "--silence", f"{options.silence}s", "--output", "branch", "--upstream", f"{wire}={address}"],
                cwd=repository, env={**os.environ, "RINGFENCE_HOME": str(home), "HOME": str(place)}, stdin=subprocess.DEVNULL, capture_output=True, text=True)
            took = time.time() - began
        finally:
            model.stdin.close(), model.wait(10)
        events = [json.loads(line) for line in run.stdout.splitlines()]
        calls = sum(event["type"] == "model.request" for event in events)
        words = " ".join((events[-1].get("message") or "").split()).replace("|", "\\|")
        return f"| {failure} | {agent} | `{events[-1].get('reason') or events[-1]['status']}` | {took:.0f} | {calls} | {words[:150]}{'…' if len(words) > 150 else ''} |"
    finally:
        shutil.rmtree(place, ignore_errors=True)


print(f"| load {os.getloadavg()[0]:.0f} | agent | reason | s | model calls | words |\n|---|---|---|---|---|---|", flush=True)
with concurrent.futures.ThreadPoolExecutor(options.together) as pool:
    for row in pool.map(lambda pair: ending(*pair), [(agent, failure) for failure in options.failure or failures for agent in options.agent or agents]):
        print(row, flush=True)
