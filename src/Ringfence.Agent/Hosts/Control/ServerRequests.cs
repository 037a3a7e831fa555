using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Mcp;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Tool servers that the other side looks at, adds, ends, calls and reads.</summary>
internal sealed class ServerRequests(ControlHost host)
{
    public async Task<JsonObject> StatusAsync(CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        return new JsonObject { ["mcpServers"] = new JsonArray([.. session.Servers.All.Select(s => s.ToJson())]) };
    }

    public async Task<JsonObject> SetAsync(JsonObject servers, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var failures = new List<Failure>();
        var given = new JsonObject { ["mcpServers"] = servers.DeepClone() }.ToText();

        var wanted = McpServerConfig.Parse(given, "mcp_set_servers", host.Environment, failures).Select(c => c.ToEntry(session.Workplace.Root, host))
            .Concat(servers.Where(s => s.Value.Text("type") == "sdk").Select(s => host.Beginning.ServerOfTheOtherSide(s.Key))).ToList();

        if (failures.Count > 0)
        {
            throw new ControlException(string.Join('\n', failures.Select(f => f.Message)), "invalid_servers");
        }

        wanted.ForEach(w => w.IsDynamic = true);
        var (added, removed) = await session.Servers.ReplaceAsync(wanted, cancellationToken);
        var errors = new JsonObject();

        foreach (var server in wanted.Select(w => session.Servers.Find(w.Name)).OfType<McpServerEntry>().Where(s => s.Error is not null))
        {
            errors[server.Name] = server.Error;
        }

        return new JsonObject { ["added"] = Json.Strings(added), ["removed"] = Json.Strings(removed), ["errors"] = errors };
    }

    public async Task<JsonObject?> RestartAsync(string? name, bool enabled, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);

        return await session.Servers.RestartAsync(await FindAsync(name, cancellationToken), enabled, cancellationToken) is { } error
            ? throw new ControlException($"{name}: {error}", "server_failed") : null;
    }

    /// <summary>Calls a tool without a turn of the model. The channel is the user's own, so that no rule is asked unless the caller wants that.</summary>
    public async Task<JsonObject?> CallAsync(JsonObject request, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);

        if (request.Array("input_files") is not null || request.Array("output_files") is not null || request.Text("expires_at") is not null || request.Flag("check_permissions") is not (null or false))
        {
            throw new ControlException("mcp_call: input_files, output_files, expires_at and check_permissions are not supported.", "unsupported_request");
        }

        var name = request.Text("tool") ?? "";
        var server = session.Servers.All.FirstOrDefault(s => s.Tools.Any(t => t.Name == name));

        if (server is null || server.Scope == "sdk")
        {
            throw new ControlException(server is null ? $"MCP server not connected: {name.Split("__").ElementAtOrDefault(1)}" : $"{server.Name} lives in the calling program: call it there.");
        }

        var tool = server.Tools.First(t => t.Name == name);
        var arguments = request.Object("arguments") ?? [];

        try
        {
            return await server.Server!.CallAsync(tool.ServerName, arguments, "", cancellationToken);
        }
        catch (McpException e)
        {
            throw new ControlException(e.Message);
        }
    }

    public async Task<JsonObject?> ReadResourceAsync(string? name, string uri, CancellationToken cancellationToken)
    {
        var server = await FindAsync(name, cancellationToken);

        if (!uri.StartsWith("ui://", StringComparison.Ordinal) || server.Scope == "sdk" || server.Status != "connected")
        {
            throw new ControlException(server.Scope == "sdk" ? $"{name} lives in the calling program: read it there."
                : server.Status != "connected" ? $"MCP server not connected: {name}" : $"mcp_read_resource: only ui:// resources can be read, not {uri}");
        }

        try
        {
            return await server.Server!.ReadResourceAsync(uri, cancellationToken);
        }
        catch (McpException e)
        {
            throw new ControlException(e.Message);
        }
    }

    /// <summary>A message of a server on the other side. Its tools have changed: they are asked for again.</summary>
    public async Task<JsonObject?> HearAsync(string? name, JsonObject? message, CancellationToken cancellationToken)
    {
        if (message.Text("method") == "notifications/tools/list_changed" && host.Session is not null)
        {
            await RestartAsync(name, enabled: true, cancellationToken);
        }

        return null;
    }

    private async Task<McpServerEntry> FindAsync(string? name, CancellationToken cancellationToken) =>
        (await host.OpenAsync(cancellationToken)).Servers.Find(name ?? "") ?? throw new ControlException($"Server not found: {name}");
}
