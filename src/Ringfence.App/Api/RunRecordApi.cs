using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Ringfence.Access;
using Ringfence.App.Cli;
using Ringfence.App.Commands;
using Ringfence.Audit;
using Ringfence.Client;
using Ringfence.Outputs;
using Ringfence.Workspaces;

namespace Ringfence.App.Api;

/// <summary>What a run did and made: its events, its change set, its files.</summary>
/// <param name="stopping">The server ends: streams end too, and their readers come back with where they were.</param>
internal sealed class RunRecordApi(Home home, ServeMetrics metrics, CancellationToken stopping)
{
    private static readonly QueryParameter LogLimit = QueryParameter.Number("limit", 50, 1, 250, "How many events.");
    private static readonly QueryParameter Offset = QueryParameter.Number("offset", 0, 0, int.MaxValue, "How many to leave out.");
    private static readonly QueryParameter Category = new("category", $"Comma separated: {string.Join(", ", LogCategory.Names)}.");
    private static readonly QueryParameter After = QueryParameter.Number("after", -1, 0, int.MaxValue, "Only events after this number.");
    private static readonly QueryParameter Format = QueryParameter.Choice("format", ["patch", "stat"], "Whole, or one line a file.");

    public void Map(ApiSurface api)
    {
        api.Map(new("GET", "/v1/runs/{id}/logs", Role.Viewer, "Pages through a run's events.") { Query = [LogLimit, Offset, Category], Answer = ApiJson.Default.LogList }, LogsAsync);
        api.Map(new("GET", "/v1/runs/{id}/events", Role.Viewer, "Streams a run's events until it has ended.") { Query = [After], Headers = ["Last-Event-ID"], AnswerType = "text/event-stream" }, EventsAsync);
        api.Map(new("GET", "/v1/runs/{id}/diff", Role.Viewer, "The change set as git has it.") { Query = [Format], AnswerType = "text/x-patch" }, DiffAsync);
        api.Map(new("GET", "/v1/runs/{id}/salvage", Role.Viewer, "What there is of a run's change set, whatever its ending.") { Answer = ApiJson.Default.ChangedFiles }, SalvageAsync);
        api.Map(new("GET", "/v1/runs/{id}/artifacts/{name}", Role.Viewer, "A file that the run produced, or content of its record by SHA-256.") { AnswerType = "application/octet-stream" }, ArtifactAsync);
    }

    private Task<IResult> LogsAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        var (limit, offset) = (call.Number(LogLimit), call.Number(Offset));
        var categories = ApiCall.Words(call.Text(Category)).ToHashSet(StringComparer.Ordinal);

        foreach (var unknown in categories.Except(LogCategory.Names))
        {
            call.Fail($"category: '{Printable.Escape(unknown)}' is none of {string.Join(", ", LogCategory.Names)}.");
        }

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        var events = new List<JsonElement>();
        var skip = categories.Count == 0 ? 0 : offset;

        await foreach (var happened in new AuditReader(home.Database).EventsAsync(run.Id, categories.Count == 0 ? offset - 1L : -1, [], cancellationToken))
        {
            if ((categories.Count == 0 || categories.Contains(LogCategory.Of(happened.Type))) && skip-- <= 0)
            {
                events.Add(JsonDocument.Parse(happened.Body).RootElement);
            }

            if (events.Count == limit)
            {
                break;
            }
        }

        return call.Ok(new LogList(events, offset, limit));
    }, cancellationToken);

    /// <summary>Server-sent events, from a sequence number or where <c>Last-Event-ID</c> left off, until the run has ended.</summary>
    private Task<IResult> EventsAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        var response = call.Http.Response;
        var after = (long)call.Number(After);

        if (call.Http.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } header
            && !long.TryParse(header, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            call.Fail("Last-Event-ID: the number of an event.");
        }

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-store";
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, stopping);

        metrics.StreamOpened();

        try
        {
            await response.Body.FlushAsync(ending.Token);

            await foreach (var happened in home.Events.FollowAsync(run.Id, follow: true, after, CancellationToken.None, ending.Token))
            {
                await response.WriteAsync($"id: {happened.Seq}\nevent: {happened.Type}\ndata: {happened.Json}\n\n", Encoding.UTF8, ending.Token);
                await response.Body.FlushAsync(ending.Token);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The reader comes back with Last-Event-ID.
        }
        finally
        {
            metrics.StreamClosed();
        }

        return Results.Empty;
    }, cancellationToken);

    private Task<IResult> DiffAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        var format = call.Text(Format) == "stat" ? DiffFormat.Summary : DiffFormat.Patch;

        if (call.Failures.Count > 0)
        {
            return call.BadRequest();
        }

        if (!(await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why))
        {
            return call.Refuse(why);
        }

        call.Http.Response.ContentType = "text/x-patch";
        await found.Workspace.WriteDiffAsync(found.Changes, call.Http.Response.Body, format, cancellationToken);
        return Results.Empty;
    }, cancellationToken);

    private Task<IResult> SalvageAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
        (await ChangesOf.RunAsync(home, run, cancellationToken)).Succeeded(out var found, out var why)
            ? call.Ok(new ChangedFiles(
                run.Id.Value, found.Changes.Base, found.Changes.Tree, found.Changes.Digest,
                [.. found.Changes.Files.Select(file => new ChangedFile(file.Path.ToString(), file.Operation.ToString().ToLowerInvariant(), file.LinesAdded, file.LinesRemoved))]))
            : call.Refuse(why),
        cancellationToken);

    private Task<IResult> ArtifactAsync(ApiCall call, CancellationToken cancellationToken) => call.WithRunAsync(home.Runs, async run =>
    {
        var name = call.Route("name");

        // A name is never made into a path: the run knows its one file.
        if (run.Published is { } place && run.Request.Output is OutputKind.Patch && Path.GetFileName(place) == name && File.Exists(place))
        {
            return Results.File(place, "text/x-patch", name);
        }

        return await new AuditReader(home.Database).ContentAsync(run.Id, name, cancellationToken) is { } content
            ? Results.Bytes(content, "application/octet-stream")
            : call.Refuse([new Failure("unknown_artifact", "The run has no such artifact.")]);
    }, cancellationToken);
}
