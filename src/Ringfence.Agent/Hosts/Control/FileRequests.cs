using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Execution.Permissions;
using Ringfence.Agent.Iteration;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Files that the other side reads, finds, or has put back.</summary>
internal sealed class FileRequests(ControlHost host)
{
    private const int MostBytes = 10_000_000;
    private const int MostSuggestions = 15;

    public async Task<JsonObject> RewindAsync(string prompt, bool tryOnly, CancellationToken cancellationToken)
    {
        // Opened for it: a program may resume a session only to have its files put back.
        if ((await host.OpenAsync(cancellationToken)).Checkpoints is not { } checkpoints)
        {
            const string Off = "File rewinding is not enabled.";
            return tryOnly ? new JsonObject { ["canRewind"] = false, ["error"] = Off } : throw new ControlException(Off);
        }

        var rewound = checkpoints.Rewind(prompt, tryOnly);

        return rewound is null ? tryOnly ? new JsonObject { ["canRewind"] = false, ["error"] = "No file checkpoint found for this message." }
            : throw new ControlException("No file checkpoint found for this message.") : rewound.ToJson();
    }

    /// <summary>By the same rules as the tool Read.</summary>
    public async Task<JsonObject> ReadAsync(JsonObject request, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var asked = request.Text("path") ?? "";
        var path = session.Workplace.Resolve(asked);
        var most = (int)Math.Clamp(request.Integer("max_bytes") ?? MostBytes, 0, MostBytes);

        if (!MayRead(session, path) || !File.Exists(path))
        {
            throw new ControlException($"read denied: {asked}", "read_denied");
        }

        await using var file = File.OpenRead(path);
        var bytes = new byte[Math.Min(most, file.Length)];
        bytes = bytes[..await file.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken)];
        var answer = new JsonObject { ["absPath"] = path, ["requested_path"] = asked };

        if (request.Text("encoding") == "base64")
        {
            (answer["contents"], answer["encoding"]) = (Convert.ToBase64String(bytes), "base64");
        }
        else
        {
            var text = Encoding.UTF8.GetString(bytes);
            (answer["contents"], answer["lossy"]) = (text, !Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(bytes));
        }

        if (file.Length > bytes.Length)
        {
            answer["truncated"] = true;
        }

        return answer;
    }

    /// <summary>The other side has shown the model this file, so that it may be edited; not when it has changed since.</summary>
    public async Task<JsonObject?> SeedAsync(string path, long modified, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        path = session.Workplace.Resolve(path);

        if (MayRead(session, path) && File.Exists(path) && new DateTimeOffset(File.GetLastWriteTimeUtc(path)).ToUnixTimeMilliseconds() <= modified)
        {
            session.Workplace.Files.Remember(path, await File.ReadAllBytesAsync(path, cancellationToken));
        }

        return null;
    }

    /// <summary>Files whose path holds the letters of the query in their order, those that hold it in one piece first.</summary>
    public async Task<JsonObject> SuggestAsync(string query, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var root = session.Workplace.Root;
        var found = new List<(int Rank, string Path)>();

        await Task.Run(() => FileWalk.Visit(root, file =>
        {
            var path = Path.GetRelativePath(root, file);

            if (Rank(path, query) is { } rank)
            {
                lock (found)
                {
                    found.Add((rank, path));
                }
            }
        }, cancellationToken), cancellationToken);

        var best = found.OrderBy(f => f.Rank).ThenBy(f => f.Path.Length).ThenBy(f => f.Path, StringComparer.Ordinal).Take(MostSuggestions);
        return new JsonObject { ["suggestions"] = new JsonArray([.. best.Select(f => new JsonObject { ["path"] = f.Path, ["displayText"] = f.Path })]), ["cwd"] = root };
    }

    /// <summary>Another directory to work in: below one that was given at the start, so that nobody widens what may be touched along the way.</summary>
    public async Task<JsonObject> AddRootAsync(string directory, CancellationToken cancellationToken)
    {
        var session = await host.OpenAsync(cancellationToken);
        var real = RealPath.Of(session.Workplace.Resolve(directory));
        var roots = host.Options.AddDirectories.Select(d => RealPath.Of(Path.GetFullPath(d))).Prepend(RealPath.Of(session.Workplace.Root)).ToArray();

        if (!Directory.Exists(real) || !roots.Any(r => RealPath.IsWithin(real, r) && real != r) || session.Workplace.AdditionalDirectories.Contains(real))
        {
            throw new ControlException($"register_repo_root: {real} is not a new subdirectory of the session's working directory or of one that was added at its start");
        }

        session.Workplace.AdditionalDirectories.Add(real);
        return new JsonObject { ["directory"] = real };
    }

    private static bool MayRead(AgentSession session, string path) =>
        session.Permissions.Decide("Read", new ToolSubject(ToolKind.Read, path), session.Workplace).Verdict == Verdict.Allow;

    private static int? Rank(string path, string query)
    {
        if (path.Contains(query, StringComparison.OrdinalIgnoreCase))
        {
            return Path.GetFileName(path).StartsWith(query, StringComparison.OrdinalIgnoreCase) ? 0 : 1;
        }

        var at = 0;

        foreach (var letter in path)
        {
            at += at < query.Length && char.ToUpperInvariant(letter) == char.ToUpperInvariant(query[at]) ? 1 : 0;
        }

        return at == query.Length ? 2 : null;
    }
}
