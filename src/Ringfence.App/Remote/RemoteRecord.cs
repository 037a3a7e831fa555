using System.Text.Json;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.App.Commands.Audit;
using Ringfence.App.Views;
using Ringfence.Audit;
using Ringfence.Client;

namespace Ringfence.App.Remote;

/// <summary><c>ringfence audit</c> and <c>blame</c> against a server: the questions of the record, its proof, and where lines come from.</summary>
internal static class RemoteRecord
{
    private static readonly string[] Filters = ["--run", "--workflow", "--since", "--until", "--limit", "--json", "--csv"];

    /// <summary>Questions of the record with the option that holds the word they are about.</summary>
    private static readonly Dictionary<string, string?> Questions = new(StringComparer.Ordinal)
    {
        ["files"] = "--path", ["reads"] = "--path", ["commands"] = "--program", ["network"] = "--host", ["secrets"] = "--secret", ["approvals"] = "--digest", ["gates"] = "--gate",
        ["checks"] = null, ["context"] = null, ["commits"] = "--commit", ["budget"] = "--scope",
    };

    public static RemoteCommand? Find(IReadOnlyList<string> words) => words switch
    {
        ["blame"] => new(["--repo", "--json"], BlameAsync),
        ["audit", "verify"] => new(["--json"], VerifyAsync),
        ["audit", "spend"] => new([.. Filters.Except(["--run"]), "--by"], SpendAsync),
        ["audit", var question] when Questions.TryGetValue(question, out var term) =>
            new([.. Filters.Append(term ?? "--json").Append(question switch { "commands" => "--text", "network" => "--denied", _ => "--json" })], (call, token) => AskAsync(call, question, term, token)),
        _ => null,
    };

    private static async Task<int> VerifyAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (call.Value<string>("run") is null)
        {
            call.Terminal.WriteFailures([new Failure("local_command", "A server verifies one run for a call: name it.", "The whole record: `ringfence audit verify` on its machine.")]);
            return ExitCodes.BadInput;
        }

        var run = await call.RunAsync("run", cancellationToken);
        var verified = await call.Client.VerifyAsync(run, cancellationToken);
        var report = new JsonObject { ["runs"] = 1, ["events"] = verified.Events, ["head"] = verified.Head };
        AuditVerifyCommand.Print(call.Terminal, report, [.. verified.Problems.Select(problem => ((string?)run, problem.Code, problem.Seq, problem.Message))], call.Json);
        return verified.IsIntact ? ExitCodes.Done : ExitCodes.ChecksFailed;
    }

    private static async Task<int> BlameAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (call.Value<string>("--repo") is not { } repo)
        {
            call.Terminal.WriteFailures([new Failure("no_repository", "--repo is missing: the server cannot see this folder.", "A path that the server allows.")]);
            return ExitCodes.BadInput;
        }

        var (file, lines) = BlameCommand.Read(call.Value<string>("place")!);
        var found = await call.Client.BlameAsync(repo, file, lines?.First, lines?.Last, cancellationToken);
        BlameCommand.Write(call.Terminal, found.Deserialize<IReadOnlyList<BlamedLines>>(Api.AuditApi.BlameForm)!, call.Json);
        return ExitCodes.Done;
    }

    private static async Task<int> SpendAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        if (await QueryAsync(call, cancellationToken) is not { } query)
        {
            return ExitCodes.BadInput;
        }

        query["by"] = call.Value<SpendBy>("--by").ToString().ToLowerInvariant();
        TableWriter.Write(call.Terminal, Table(await call.Client.UsageAsync(query, cancellationToken)), Form(call));
        return ExitCodes.Done;
    }

    private static async Task<int> AskAsync(RemoteCall call, string question, string? term, CancellationToken cancellationToken)
    {
        if (await QueryAsync(call, cancellationToken) is not { } query)
        {
            return ExitCodes.BadInput;
        }

        Add(query, "term", term is null ? null : call.Value<string>(term));
        Add(query, "run", call.Value<string>("--run") is { Length: > 0 } ? await call.RunAsync("--run", cancellationToken) : null);
        Add(query, "text", question == "commands" ? call.Value<string>("--text") : null);
        Add(query, "allowed", question == "network" && call.Value<bool>("--denied") ? "false" : null);
        TableWriter.Write(call.Terminal, Table(await call.Client.AskAsync(question, query, cancellationToken)), Form(call));
        return ExitCodes.Done;
    }

    private static Task<Dictionary<string, string>?> QueryAsync(RemoteCall call, CancellationToken cancellationToken)
    {
        _ = cancellationToken;
        var failures = new List<Failure>();
        var query = new Dictionary<string, string>(StringComparer.Ordinal) { ["limit"] = $"{Math.Min(1000, call.Value<int>("--limit"))}" };
        Add(query, "workflow", call.Value<string>("--workflow"));
        Add(query, "since", Iso(Commands.Audit.AuditFilterOptions.Time("--since", call.Value<string>("--since"), failures)));
        Add(query, "until", Iso(Commands.Audit.AuditFilterOptions.Time("--until", call.Value<string>("--until"), failures)));

        if (failures.Count > 0)
        {
            call.Terminal.WriteFailures(failures);
            return Task.FromResult<Dictionary<string, string>?>(null);
        }

        return Task.FromResult<Dictionary<string, string>?>(query);
    }

    private static string? Iso(long? microseconds) => microseconds is { } us ? DateTimeOffset.UnixEpoch.AddMicroseconds(us).ToString("O") : null;

    private static void Add(Dictionary<string, string> query, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            query[name] = value;
        }
    }

    private static TableForm Form(RemoteCall call) => call.Json ? TableForm.Json : call.Value<bool>("--csv") ? TableForm.Csv : TableForm.Text;

    private static AuditTable Table(Table table) => new(
        table.Columns, [.. table.Rows.Select(row => (IReadOnlyList<object?>)[.. row.Select(Plain)])], table.More);

    private static object? Plain(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt64(out var number) => number,
        JsonValueKind.Number => value.GetDouble(),
        _ => value.GetString(),
    };
}
