using System.Text.Json.Nodes;
using Ringfence.Agent.Hosts;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Mcp;

/// <summary>The tool servers of a session: which there are, how each one is, and their tools in its tool box. One change of them at a time.</summary>
internal sealed class McpServers(ToolBox tools) : IAsyncDisposable
{
    private readonly List<McpServerEntry> entries = [];
    private readonly SemaphoreSlim changing = new(1, 1);

    public IReadOnlyList<McpServerEntry> All => [.. entries];

    /// <summary>Says to whoever runs this what is wrong with a server.</summary>
    public Action<string> Tell { get; set; } = StandardStreams.WriteError;

    public McpServerEntry? Find(string name) => entries.Find(e => e.Name == name);

    /// <summary>Connects them side by side: a slow one holds nobody else up. One that cannot be had costs its tools, not the session.</summary>
    public async Task AddAsync(IReadOnlyList<McpServerEntry> added, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);

        try
        {
            entries.AddRange(added);
            await ConnectAsync(added, cancellationToken);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Asks those for their tools again that have said that they are others now. Called between two answers of the model, however often they say it.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (!entries.Exists(e => e.Server is { HasChanged: true }))
        {
            return;
        }

        await changing.WaitAsync(cancellationToken);

        try
        {
            foreach (var entry in entries.Where(e => e.Server is { HasChanged: true }).ToArray())
            {
                var before = entry.Tools;
                await entry.ListToolsAsync(cancellationToken);
                tools.Remove(before.Contains);
                Offer(entry);
            }
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Makes those that were added along the way these: what is new is connected, what is missing is ended, what is the same stays as it is.</summary>
    /// <returns>The names that came, and the names that went.</returns>
    public async Task<(IReadOnlyList<string> Added, IReadOnlyList<string> Removed)> ReplaceAsync(IReadOnlyList<McpServerEntry> wanted, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);

        try
        {
            var same = wanted.Where(w => Find(w.Name) is { } known && known.Config == w.Config).Select(w => w.Name).ToHashSet(StringComparer.Ordinal);
            var gone = entries.Where(e => !same.Contains(e.Name) && (e.IsDynamic || wanted.Any(w => w.Name == e.Name))).ToArray();
            var added = wanted.Where(w => !same.Contains(w.Name)).ToArray();

            foreach (var entry in gone)
            {
                entries.Remove(entry);
                await DisconnectAsync(entry);
            }

            // Once named here, a later list without it ends it, wherever it came from.
            entries.FindAll(e => same.Contains(e.Name)).ForEach(e => e.IsDynamic = true);
            entries.AddRange(added);
            await ConnectAsync(added, cancellationToken);
            return ([.. added.Select(a => a.Name)], [.. gone.Select(g => g.Name).Except(added.Select(a => a.Name))]);
        }
        finally
        {
            changing.Release();
        }
    }

    /// <summary>Ends a server's connection and, unless it is switched off, makes a new one.</summary>
    /// <returns>What went wrong; null when nothing did.</returns>
    public async Task<string?> RestartAsync(McpServerEntry entry, bool enabled, CancellationToken cancellationToken)
    {
        await changing.WaitAsync(cancellationToken);

        try
        {
            await DisconnectAsync(entry);
            entry.Status = enabled ? "pending" : "disabled";

            if (enabled)
            {
                await ConnectAsync([entry], cancellationToken);
            }

            return entry.Error;
        }
        finally
        {
            changing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var entry in entries)
        {
            await DisconnectAsync(entry);
        }

        changing.Dispose();
    }

    private async Task ConnectAsync(IReadOnlyList<McpServerEntry> connected, CancellationToken cancellationToken)
    {
        await Task.WhenAll(connected.Select(e => e.ConnectAsync(cancellationToken)));

        // In their order: the list of tools is a part of what providers cache.
        foreach (var entry in connected)
        {
            Offer(entry);
        }
    }

    private void Offer(McpServerEntry entry)
    {
        tools.Add(entry.Tools);

        if ((entry.Error ?? entry.LeftOut) is { } wrong)
        {
            Tell($"MCP server {entry.Name}: {wrong}");
        }
    }

    private async Task DisconnectAsync(McpServerEntry entry)
    {
        tools.Remove(entry.Tools.Contains);
        await entry.DisconnectAsync();
    }
}

/// <summary>One tool server, connected or not.</summary>
/// <param name="scope">Where it came from: <c>project</c>, <c>dynamic</c> (the command line or the driving program), <c>sdk</c> (it lives in that program).</param>
/// <param name="config">Tells one configuration from another.</param>
internal sealed class McpServerEntry(string name, string scope, string config, Func<IMcpServer> make)
{
    /// <summary>Of one server. Every model call tells of all of them: thousands would leave no room for the work.</summary>
    public const int MostTools = 200;

    /// <summary>Providers refuse the whole call for one longer name.</summary>
    private const int LongestName = 128;

    public string Name => name;

    public string Config => config;

    public string Scope => scope;

    /// <summary>Came along the way, and goes when a later list does not name it.</summary>
    public bool IsDynamic { get; set; }

    /// <summary><c>pending</c>, <c>connected</c>, <c>failed</c> or <c>disabled</c>.</summary>
    public string Status { get; set; } = "pending";

    public string? Error { get; private set; }

    /// <summary>Says that not all of its tools are offered; null when they are.</summary>
    public string? LeftOut { get; private set; }

    public IMcpServer? Server { get; private set; }

    public IReadOnlyList<McpTool> Tools { get; private set; } = [];

    public async Task ConnectAsync(CancellationToken cancellationToken)
    {
        Server = make();
        await ListToolsAsync(cancellationToken);
    }

    public async Task ListToolsAsync(CancellationToken cancellationToken)
    {
        try
        {
            var offered = await Server!.ListToolsAsync(cancellationToken);
            Tools = [.. offered.Select(t => new McpTool(Server, t)).Where(t => t.Name.Length <= LongestName).DistinctBy(t => t.Name).Take(MostTools)];
            LeftOut = Tools.Count == offered.Count ? null : $"of its tools {Tools.Count} are offered: at most {MostTools}, each name once and of at most {LongestName} characters";
            (Status, Error) = ("connected", null);
        }
        catch (McpException e)
        {
            (Status, Error) = ("failed", e.Message);
        }
    }

    public async Task DisconnectAsync()
    {
        (Tools, Error, LeftOut) = ([], null, null);

        if (Server is not null)
        {
            await Server.DisposeAsync();
            Server = null;
        }
    }

    public JsonObject ToJson()
    {
        var json = new JsonObject { ["name"] = name, ["status"] = Status, ["scope"] = scope, ["source"] = scope };

        if (Server?.Info is { } info)
        {
            json["serverInfo"] = info.DeepClone();
        }

        if ((Error ?? LeftOut) is { } wrong)
        {
            json["error"] = wrong;
        }

        json["tools"] = new JsonArray([.. Tools.Select(t => new JsonObject
        {
            ["name"] = t.ServerName, ["description"] = t.Description, ["annotations"] = new JsonObject { ["readOnly"] = t.ReadsOnly },
        })]);

        return json;
    }
}
