"""A tool server over standard input and output with one fault, which its argument names. Standard library only."""
import json
import sys
import time

fault = sys.argv[1]
known = 1


def send(message):
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def answer(request, result):
    send({"id": request["id"], "result": result})


def tool(name, description="Does it."):
    return {"name": name, "description": description, "inputSchema": {"type": "object", "properties": {}}}


def tools(request):
    if fault == "thousands":
        page = int((request.get("params") or {}).get("cursor") or 0)
        return {"tools": [tool(f"tool_{page + i}") for i in range(100)], "nextCursor": str(page + 100)}
    if fault == "odd-names":
        return {"tools": [tool("work"), tool("a.b"), tool("a b"), tool("x" * 200)]}
    if fault.endswith("-pattern"):
        work = tool("work")
        work["inputSchema"]["properties"]["word"] = {"type": "string", "pattern": "(a+)+$" if fault == "slow-pattern" else r"(?<word>\p{L}"}
        return {"tools": [work]}
    return {"tools": [tool("work")] + [tool("grown") for _ in range(known - 1)]}


def call(request):
    global known
    if fault == "dies-in-a-call":
        sys.stderr.write("no more memory for herons\n")
        sys.exit(3)
    if fault == "hangs-in-a-call":
        time.sleep(3600)
    if fault == "endless-line":
        while True:
            sys.stdout.write("x" * 1_000_000)
    if fault == "much-text":
        return [{"type": "text", "text": "y" * 90_000} for _ in range(20)]
    if fault == "changes":
        known = 2
        send({"method": "notifications/tools/list_changed"})
    return [{"type": "text", "text": "worked"}]


if fault == "dies-at-start":
    sys.exit("no heron in this house")
if fault == "hangs-at-start":
    time.sleep(3600)
if fault == "talks":
    print("Welcome to the server!\n\n{ not json\n[1, 2]\nnull", flush=True)

for line in sys.stdin:
    request = json.loads(line)
    if "id" not in request:
        continue
    method = request["method"]
    if method == "initialize":
        answer(request, {"protocolVersion": "2025-06-18", "capabilities": {"tools": {"listChanged": True}}, "serverInfo": {"name": "odd", "version": "1"}})
    elif method == "tools/list":
        answer(request, tools(request))
    elif method == "tools/call":
        answer(request, {"content": call(request)})
    elif fault == "agrees-to-all":
        answer(request, {})
    elif fault != "is-silent":
        send({"id": request["id"], "error": {"code": -32601, "message": "Method not found"}})
