using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

namespace Ringfence.Agent.Execution.Hooks;

/// <summary>A command of the settings. It is given the event as JSON; exit code 2 says no, and its standard error says why.</summary>
internal sealed class CommandHook(string eventName, string? matcher, string command, TimeSpan limit, string directory, TimeProvider time) : Hook(eventName, matcher)
{
    private const int Blocked = 2;
    private const int MostOutput = 1_000_000;

    public override string Shown => command;

    public override async Task<HookAnswer> RunAsync(JsonObject input, string? toolUseId, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("setsid")
        {
            UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory,
        };

        foreach (var argument in (string[])[File.Exists("/bin/bash") ? "/bin/bash" : "/bin/sh", "-c", command])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var name in Workplace.HiddenVariables)
        {
            start.Environment.Remove(name);
        }

        start.Environment["CLAUDE_PROJECT_DIR"] = directory;

        try
        {
            using var process = Process.Start(start)!;
            return await RunAsync(process, input, cancellationToken);
        }
        catch (Win32Exception e)
        {
            return new HookAnswer("", null, null, -1, $"could not be started: {e.Message}");
        }
    }

    private async Task<HookAnswer> RunAsync(Process process, JsonObject input, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);

        try
        {
            var output = ReadAsync(process.StandardOutput, either.Token);
            var error = ReadAsync(process.StandardError, either.Token);

            try
            {
                await process.StandardInput.WriteAsync(input.ToText().AsMemory(), either.Token);
                process.StandardInput.Close();
            }
            catch (IOException)
            {
                // It does not want to know.
            }

            await process.WaitForExitAsync(either.Token);
            var (said, complained) = (await output, await error);
            return Read(process.ExitCode, said, complained);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new HookAnswer("", null, null, -1, $"was ended after {limit.TotalSeconds:0.###} s, its time limit");
        }
        finally
        {
            Shell.KillSession(process.Id);
        }
    }

    private static HookAnswer Read(int code, string output, string error)
    {
        var json = output.TrimStart().StartsWith('{') ? Json.TryParseObject(output) : null;

        return code switch
        {
            0 => new HookAnswer(output, json, null, 0),
            Blocked => new HookAnswer(output, null, error.Trim().Length > 0 ? error.Trim() : "Blocked by a hook.", code),
            _ => new HookAnswer(output, null, null, code, error.Trim().Length > 0 ? error.Trim() : $"exit code {code}"),
        };
    }

    private static async Task<string> ReadAsync(StreamReader reader, CancellationToken cancellationToken)
    {
        var text = new System.Text.StringBuilder();
        var buffer = new char[8192];

        for (int read; (read = await reader.ReadAsync(buffer, cancellationToken)) > 0;)
        {
            text.Append(buffer, 0, Math.Min(read, MostOutput - text.Length));
        }

        return text.ToString();
    }
}
