#!/usr/bin/env python3
"""What a model call costs at a gateway: ours with everything on and crash-safe, beside nginx (the limit), a bare Kestrel forwarder (our floor), Portkey's gateway and
claude-code-router, in one run. The gateway has one core to itself; the provider and the load share another.

    bench/gateway/run.py [--rounds 3] [--seconds 2] [--nginx PROGRAM] [--only NAME,…]

Needs gcc, node with npm, nginx and the .NET SDK. Peers are installed into artifacts/bench-peers, pinned. Figures are medians over rounds that take turns; where other
work shares the machine, trust the processor time and the ratios. Prints a Markdown table.
"""
import argparse, json, os, pathlib, shutil, signal, statistics, subprocess, sys, tempfile, time

PORTKEY, ROUTER = "@portkey-ai/gateway@1.15.2", "@musistudio/claude-code-router@2.0.0"
here = pathlib.Path(__file__).resolve().parent
root = here.parents[1]
arguments = argparse.ArgumentParser()
arguments.add_argument("--rounds", type=int, default=3)
arguments.add_argument("--seconds", type=float, default=2)
arguments.add_argument("--nginx", default=shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin"))
arguments.add_argument("--only", default="nginx,forwarder,ringfence,portkey,router")
options = arguments.parse_args()
wanted = options.only.split(",")
place = pathlib.Path(tempfile.mkdtemp(prefix="rfbench"))
peers = root / "artifacts" / "bench-peers"
started = []
GATEWAY_CORE, OTHER_CORE = "0", "1"
UPSTREAM, PACED = 14100, 14101  # answers at once; sends an event every 5 ms


def start(core, command, **more):
    process = subprocess.Popen(["taskset", "-c", core, *map(str, command)], stdout=more.pop("stdout", subprocess.DEVNULL), stderr=subprocess.DEVNULL, **more)
    started.append(process)
    return process


def tools():
    for name in ("load", "upstream"):
        subprocess.run(["gcc", "-O2", "-o", place / name, here / f"{name}.c", "-lm"], check=True)
    for project, folder in (("src/Ringfence.App", "app"), ("bench/Ringfence.Bench.Forwarder", "forwarder")):
        subprocess.run(["dotnet", "build", root / project, "-c", "Release", "-v", "q", "-nologo", "-o", place / folder], check=True, stdout=subprocess.DEVNULL)
    if {"portkey", "router"} & set(wanted):
        peers.mkdir(parents=True, exist_ok=True)
        (peers / "package.json").write_text('{"private":true}')
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PORTKEY, ROUTER], cwd=peers, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def bodies():
    """A small prompt, and a conversation like an agent's: tools, a cached system prompt, files of this repository as results of tools."""
    texts = [t for f in sorted(root.glob("src/**/*.cs")) if "obj" not in f.parts and 2000 < len(t := f.read_text()) < 60000]
    tools = [{"name": f"tool_{k}", "description": f"A tool that does thing {k}. " * 8,
              "input_schema": {"type": "object", "properties": {f"p{j}": {"type": "string"} for j in range(6)}, "required": ["p0"]}} for k in range(20)]

    def text(messages, stream, more):
        return json.dumps({"model": "simulated", "max_tokens": 1024, **more, "messages": messages, "stream": stream}, separators=(",", ":"), ensure_ascii=False)

    for stream in (False, True):
        suffix = "-stream" if stream else ""
        prompt = ("Explain the ledger in one paragraph, please. " * 45)[:1900]
        (place / f"2KB{suffix}").write_text(text([{"role": "user", "content": prompt}], stream, {}))
        messages, more = [{"role": "user", "content": "Fix the bug."}], {"system": [{"type": "text", "text": "You are a coding agent. " * 40, "cache_control": {"type": "ephemeral"}}], "tools": tools}
        while len(text(messages, stream, more).encode()) < 196_000:
            n = len(messages)
            messages += [{"role": "assistant", "content": [{"type": "tool_use", "id": f"t{n}", "name": "tool_1", "input": {"p0": f"/w/{n}.cs"}}]},
                         {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"t{n}", "content": texts[n % len(texts)][:6000]}]}]
        (place / f"200KB{suffix}").write_text(text(messages, stream, more))


def nginx(port, upstream):
    (place / f"nginx{port}.conf").write_text(f"""
        daemon off; worker_processes 1; pid {place}/nginx{port}.pid; error_log /dev/null;
        events {{ worker_connections 1024; }}
        http {{ access_log off; client_body_temp_path {place}/t1; proxy_temp_path {place}/t2; fastcgi_temp_path {place}/t3; uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5;
          client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 100000000; upstream u {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
          server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; }} }} }}""")
    return start(GATEWAY_CORE, [options.nginx, "-c", place / f"nginx{port}.conf"])


def ringfence(port, upstream):
    """A key with a budget and a team with one: three scopes pay for each call, on SQLite with every commit on the disk."""
    environment = {**os.environ, "RINGFENCE_HOME": str(place / f"home{port}")}
    program = ["dotnet", place / "app" / "ringfence.dll"]
    made = subprocess.run([*program, "gateway", "keys", "create", "--name", "bench", "--team", "bench", "--budget", "1000000", "--per", "month", "--json"], env=environment, check=True, capture_output=True, text=True)
    for window in ("day", "month"):
        subprocess.run([*program, "budget", "set", f"team:bench:{window}", "1000000"], env=environment, check=True, stdout=subprocess.DEVNULL)
    keys[port] = json.loads(made.stdout)["key"]
    return start(GATEWAY_CORE, [*program, "gateway", "--listen", f"127.0.0.1:{port}", "--upstream", f"anthropic=http://127.0.0.1:{upstream}"], env=environment)


def portkey(port, upstream):
    return start(GATEWAY_CORE, ["node", peers / "node_modules/@portkey-ai/gateway/build/start-server.js", f"--port={port}", "--headless"], cwd=peers)


def router(port, upstream):
    home = place / f"router{port}"
    (home / ".claude-code-router").mkdir(parents=True)
    (home / ".claude-code-router/config.json").write_text(json.dumps({
        "LOG": False, "HOST": "127.0.0.1", "PORT": port, "APIKEY": "k", "Router": {"default": "bench,simulated"},
        "Providers": [{"name": "bench", "api_base_url": f"http://127.0.0.1:{upstream}/v1/chat/completions", "api_key": "k", "models": ["simulated"]}]}))
    return start(GATEWAY_CORE, ["node", peers / "node_modules/@musistudio/claude-code-router/dist/cli.js", "start"], env={**os.environ, "HOME": str(home)})


keys = {}
NAMES = {"nginx": "nginx", "forwarder": "Kestrel + HttpClient, nothing else", "ringfence": "**ringfence gateway**, everything on", "portkey": "Portkey 1.15.2", "router": "claude-code-router 2.0.0"}
STARTS = {"nginx": nginx, "forwarder": lambda port, upstream: start(GATEWAY_CORE, ["dotnet", place / "forwarder" / "ringfence-bench-forwarder.dll", port, upstream]),
          "ringfence": ringfence, "portkey": portkey, "router": router}


def headers(name, port, upstream):
    yield f"x-api-key: {keys.get(port, 'k')}"
    yield "anthropic-version: 2023-06-01"
    if name == "portkey":
        yield "x-portkey-provider: anthropic"
        yield f"x-portkey-custom-host: http://127.0.0.1:{upstream}/v1"


def load(name, body, seconds, port, pid, upstream, connections=16, rate=0, warm=0.5):
    command = ["taskset", "-c", OTHER_CORE, place / "load", "-p", port, "-b", place / body, "-c", connections, "-w", warm, "-s", seconds, "-r", rate, "-P", pid]
    for header in headers(name, port, upstream):
        command += ["-H", header]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=120)
    return json.loads(done.stdout) if done.returncode == 0 else None


def worker(name, process):
    """nginx's work is done by its child."""
    if name != "nginx":
        return process.pid
    return int(subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True).stdout.split()[0])


def resident(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmRSS"))


def measure():
    # Ports 1401x speak to the provider that answers at once, 1402x to the one that paces its events.
    alive = {}
    for i, name in enumerate(wanted):
        for port, upstream in ((14010 + i, UPSTREAM), (14020 + i, PACED)):
            alive[name, upstream] = (port, STARTS[name](port, upstream))
    time.sleep(6)
    pids = {key: worker(key[0], process) for key, (_, process) in alive.items()}

    def one(name, upstream, body, **more):
        return load(name, body, more.pop("seconds", options.seconds), alive[name, upstream][0], pids[name, upstream], upstream, **more)

    direct = {rate: load("nginx", "2KB", 3, UPSTREAM, os.getpid(), UPSTREAM, rate=rate) for rate in (350, 1000)}
    direct["stream"] = load("nginx", "2KB-stream", 3, PACED, os.getpid(), PACED, connections=8)
    figures = {}
    for name in wanted:  # the just-in-time compilers settle
        for body, upstream in (("2KB", UPSTREAM), ("200KB", UPSTREAM), ("2KB-stream", PACED)):
            one(name, upstream, body, seconds=1, warm=8 if name in ("ringfence", "forwarder") else 3)
    for _ in range(options.rounds):
        for name in wanted:
            run = figures.setdefault(name, [])
            run.append({
                "small": one(name, UPSTREAM, "2KB"), "large": one(name, UPSTREAM, "200KB", connections=8),
                350: one(name, UPSTREAM, "2KB", rate=350), 1000: one(name, UPSTREAM, "2KB", rate=1000),
                "stream": one(name, PACED, "2KB-stream", connections=8), "resident": resident(pids[name, UPSTREAM])})
    return figures, direct


def table(figures, direct):
    def of(name, what, field):
        values = [run[what][field] for run in figures[name] if run[what] and run[what]["requests"] > 0 and run[what]["refused"] + run[what]["failed"] == 0]
        return statistics.median(values) if values else None

    def show(value, form="{:,.0f}"):
        return "saturated" if value is None else form.format(value)

    def ratio(name, peer, what, field):
        a, b = of(name, what, field), of(peer, what, field) if peer in figures else None
        return f"{a / b:.2f}" if a and b else "–"

    def added(name, rate):
        # A gateway that cannot keep up has no latency worth the name.
        if of(name, rate, "requests") is None or of(name, rate, "per_second") < rate * 0.9:
            return "saturated"
        return " / ".join(f"{max(0, of(name, rate, q) - direct[rate][q]):.2f}" for q in ("p50_ms", "p99_ms"))

    print("| one core | 2 KB: requests/s | × nginx / × Portkey | CPU µs | × nginx | 200 KB: requests/s | × nginx / × Portkey | CPU µs | × nginx | added p50 / p99 ms at 350/s | at 1,000/s | MB |")
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name in wanted:
        cells = [NAMES[name]]
        for what in ("small", "large"):
            cells += [show(of(name, what, "per_second")), f"{ratio(name, 'nginx', what, 'per_second')} / {ratio(name, 'portkey', what, 'per_second')}",
                      show(of(name, what, "processor_us")), ratio(name, "nginx", what, "processor_us")]
        print("| " + " | ".join(cells + [added(name, 350), added(name, 1000), f"{statistics.median(r['resident'] for r in figures[name]):.0f}"]) + " |")

    print("\n| streamed, 2 KB, an event every 5 ms, 8 at once | added first byte ms | × nginx | lag of an event ms | × nginx | CPU µs per event | × nginx |\n|---|---|---|---|---|---|---|")
    for name in wanted:
        def over(who):
            first = of(who, "stream", "first50_ms")
            return None if first is None else max(0.001, first - direct["stream"]["first50_ms"])
        limit = over("nginx") if "nginx" in figures else None
        cells = [NAMES[name], show(over(name), "{:.2f}"), f"{over(name) / limit:.2f}" if limit and over(name) else "–",
                 show(of(name, "stream", "lag50_ms"), "{:.3f}"), ratio(name, "nginx", "stream", "lag50_ms"),
                 show(of(name, "stream", "processor_event_us"), "{:.1f}"), ratio(name, "nginx", "stream", "processor_event_us")]
        print("| " + " | ".join(cells) + " |")
    print(f"\n{options.rounds} rounds of {options.seconds:g} s, load {os.getloadavg()[0]:.1f}.")


try:
    if "nginx" in wanted and not options.nginx:
        sys.exit("nginx is not installed; name it with --nginx, or leave it out with --only.")
    tools()
    bodies()
    start(OTHER_CORE, [place / "upstream", UPSTREAM])
    start(OTHER_CORE, [place / "upstream", PACED, 5])
    table(*measure())
finally:
    for process in started:
        process.send_signal(signal.SIGTERM)
    for process in started:
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
    shutil.rmtree(place, ignore_errors=True)
