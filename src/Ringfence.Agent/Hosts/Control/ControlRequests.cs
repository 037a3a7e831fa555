using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ringfence.Agent.Context;

namespace Ringfence.Agent.Hosts.Control;

/// <summary>Answers what the program that drives us asks of the session. Every request gets exactly one answer, also one that nobody here knows.</summary>
internal sealed class ControlRequests(ControlHost host, ControlChannel channel)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> running = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> answers = new(StringComparer.Ordinal);
    private readonly SessionRequests session = new(host);
    private readonly ServerRequests servers = new(host);
    private readonly FileRequests files = new(host);
    private readonly RuleRequests rules = new(host);
    private readonly TaskRequests tasks = new(host);

    /// <summary>
    /// Begins to answer. What needs no waiting is done on return, so that the messages after it find it done; the rest goes on beside the reading, which must
    /// not stand still: a server of the other side answers through the same channel.
    /// </summary>
    public void Begin(string id, JsonObject request)
    {
        var answer = AnswerAsync(id, request);

        if (!answer.IsCompleted)
        {
            answers[id] = answer;
        }
    }

    /// <summary>No more requests will come: those that are still open get their answer, or are told that they do not.</summary>
    public async Task FinishAsync(TimeProvider time)
    {
        try
        {
            await Task.WhenAll(answers.Values).WaitAsync(Patience, time);
        }
        catch (TimeoutException)
        {
            foreach (var id in running.Keys)
            {
                Cancel(id);
            }

            await Task.WhenAny(Task.WhenAll(answers.Values), Task.Delay(Patience, time));
        }
    }

    /// <summary>The other side no longer needs the answer.</summary>
    public void Cancel(string id)
    {
        if (running.TryGetValue(id, out var source))
        {
            source.Cancel();
        }
    }

    private async Task AnswerAsync(string id, JsonObject request)
    {
        using var source = new CancellationTokenSource();
        running[id] = source;

        try
        {
            channel.Answer(id, await RunAsync(request, source.Token));
        }
        catch (ControlException e)
        {
            channel.Refuse(id, e.Message, e.Code);
        }
        catch (OperationCanceledException)
        {
            channel.Refuse(id, "The request was cancelled.");
        }
        catch (Exception e)
        {
            // Nobody waits for this task: what is not told here is never told.
            channel.Refuse(id, $"{request.Text("subtype")} failed: {e.Message}");
        }
        finally
        {
            running.TryRemove(id, out _);
        }
    }

    private async Task<JsonObject?> RunAsync(JsonObject request, CancellationToken cancellationToken) => request.Text("subtype") switch
    {
        "initialize" => host.Beginning.Read(request),
        "interrupt" => host.Interrupt(request.Flag("cancel_queued") is true),
        "cancel_async_message" => host.Withdraw(request.Text("message_uuid") ?? ""),
        "set_has_subscribers" => null, // every line goes out at once, whoever watches

        "set_permission_mode" => session.SetMode(request.Text("mode")),
        "set_model" => session.SetModel(request.Text("model")),
        "set_max_thinking_tokens" => session.SetThinking(request),
        "rename_session" => session.Rename(request),
        "get_context_usage" => ContextUsage.Of(await host.OpenAsync(cancellationToken)),
        "get_session_cost" => session.Cost(),
        "get_usage" => session.Usage(),
        "list_models" => new JsonObject { ["models"] = host.Beginning.Models() },
        "get_binary_version" => new JsonObject { ["version"] = Program.Version },

        "mcp_status" => await servers.StatusAsync(cancellationToken),
        "mcp_set_servers" => await servers.SetAsync(request.Object("servers") ?? [], cancellationToken),
        "mcp_reconnect" => await servers.RestartAsync(request.Text("serverName"), enabled: true, cancellationToken),
        "mcp_toggle" => await servers.RestartAsync(request.Text("serverName"), request.Flag("enabled") is true, cancellationToken),
        "mcp_call" => await servers.CallAsync(request, cancellationToken),
        "mcp_read_resource" => await servers.ReadResourceAsync(request.Text("serverName"), request.Text("uri") ?? "", cancellationToken),
        "mcp_message" => await servers.HearAsync(request.Text("server_name"), request.Object("message"), cancellationToken),

        "rewind_files" => await files.RewindAsync(request.Text("user_message_id") ?? "", request.Flag("dry_run") is true, cancellationToken),
        "read_file" => await files.ReadAsync(request, cancellationToken),
        "seed_read_state" => await files.SeedAsync(request.Text("path") ?? "", request.Integer("mtime") ?? 0, cancellationToken),
        "file_suggestions" => await files.SuggestAsync(request.Text("query") ?? "", cancellationToken),
        "register_repo_root" => await files.AddRootAsync(request.Text("directory") ?? "", cancellationToken),

        "apply_flag_settings" => await rules.ApplyAsync(request["settings"], cancellationToken),
        "get_settings" => await rules.SettingsAsync(cancellationToken),
        "list_permission_rules" => await rules.ListAsync(cancellationToken),
        "get_hooks_listing" => await rules.HooksAsync(cancellationToken),

        "stop_task" => await tasks.StopAsync(request.Text("task_id") ?? ""),
        "background_tasks" => tasks.MoveToBackground(request.Text("tool_use_id")),
        "get_task_output" => tasks.Output(request.Text("task_id") ?? ""),

        // There are neither plugins nor skills nor styles: read again, there are none still.
        "reload_plugins" => session.Plugins(await servers.StatusAsync(cancellationToken)),
        "reload_skills" => new JsonObject { ["skills"] = new JsonArray() },
        "reload_output_styles" => new JsonObject { ["available_output_styles"] = new JsonArray("default") },

        var other => throw new ControlException($"Unsupported control request subtype: {other}", "unsupported_request"),
    };
}
