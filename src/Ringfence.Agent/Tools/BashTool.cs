using System.Text.Json.Nodes;

namespace Ringfence.Agent.Tools;

internal sealed class BashTool : Tool
{
    private const long MostOutput = 1L << 30;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    public override string Name => "Bash";

    public override string Description =>
        "Runs a command line in bash. Each call starts a new shell in the directory where the last one ended; nothing else is kept. Standard input is empty. "
        + "`timeout` in milliseconds: default 120000, at most 600000. Long output is shown as head and tail, and kept whole in a file that is named. "
        + "`run_in_background` returns at once; read with BashOutput, end with KillShell. Quote paths with spaces. "
        + "Use Read, Edit, Glob and Grep rather than cat, sed, find and grep.";

    public override JsonObject InputSchema { get; } = ToolInput.Schema(
        ("command", "string!", "The command line"),
        ("timeout", "integer", "Milliseconds, at most 600000"),
        ("description", "string", "What it does, in five to ten words"),
        ("run_in_background", "boolean", "Return at once and let it go on"));

    public override ToolSubject Subject(JsonObject input, Workplace workplace) => new(ToolKind.Command, input.Text("command") ?? "");

    public override async Task<ToolOutput> RunAsync(ToolCall call, CancellationToken cancellationToken)
    {
        var command = call.Input.Text("command")!;
        var work = call.Workplace;
        var file = work.NewOutputFile();

        if (!Directory.Exists(work.Directory))
        {
            work.Directory = work.Root;
        }

        var sandbox = work.Sandbox;

        if (sandbox is not null && await sandbox.WhyNotAsync(work) is { } why)
        {
            work.Notify?.Invoke($"Commands run without a sandbox, with all your rights: {why}");
            (work.Notify, sandbox) = (null, null);
        }

        var limit = TimeSpan.FromMilliseconds(Math.Clamp(call.Input.Integer("timeout") ?? 120_000, 1, 600_000));
        Shell shell;
        Ending ending;

        // Before it begins: whoever sees what it does may have it go on in the background at once.
        var moved = work.Shells.Await(call.Id);

        try
        {
            shell = Shell.Start(command, file, work, sandbox);
            ending = call.Input.Flag("run_in_background") is true ? Ending.Moved : await WaitAsync(shell, moved, limit, call, cancellationToken);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ToolOutput.Error($"The shell could not be started: {e.Message}");
        }
        finally
        {
            work.Shells.NoLongerAwait(call.Id);
        }

        if (ending == Ending.Moved)
        {
            var id = work.Shells.Add(shell, command, call.Id);
            return ToolOutput.Text($"Command running in background with ID: {id}. Its output goes to {file}.", Details("", false, 0, id));
        }

        using (shell)
        {
            work.Directory = shell.LastDirectory() ?? work.Directory;
            return Report(shell, file, ending, limit);
        }
    }

    private enum Ending
    {
        Exited,
        Moved,
        TimedOut,
        TooMuch,
        Interrupted,
    }

    private static async Task<Ending> WaitAsync(Shell shell, Task moved, TimeSpan limit, ToolCall call, CancellationToken cancellationToken)
    {
        var time = call.Workplace.Time;
        var exit = shell.WaitAsync(CancellationToken.None);
        var ending = Ending.Exited;
        var started = time.GetTimestamp();

        while (!exit.IsCompleted)
        {
            try
            {
                await Task.WhenAny(exit, moved).WaitAsync(Tick, time, cancellationToken);

                if (moved.IsCompleted)
                {
                    return Ending.Moved;
                }
            }
            catch (TimeoutException)
            {
                call.Progress?.Invoke(shell.OutputFile);
                ending = time.GetElapsedTime(started) >= limit ? Ending.TimedOut
                    : new FileInfo(shell.OutputFile) is { Exists: true, Length: > MostOutput } ? Ending.TooMuch : Ending.Exited;
            }
            catch (OperationCanceledException)
            {
                ending = Ending.Interrupted;
            }

            if (ending != Ending.Exited)
            {
                await shell.StopAsync(Grace, time);
                return ending;
            }
        }

        return ending;
    }

    private static ToolOutput Report(Shell shell, string file, Ending ending, TimeSpan limit)
    {
        var shown = File.Exists(file) ? CommandOutput.Show(file) : "";
        var code = shell.ExitCode ?? -1;

        // An interrupted call is reported, too: the model must know that the command was begun.
        var note = ending switch
        {
            Ending.TimedOut => $"[The command was ended after {limit.TotalSeconds:0.###} s, its time limit. What it had written by then is above.]",
            Ending.TooMuch => $"[The command was ended because it wrote more than {MostOutput} bytes.]",
            Ending.Interrupted => "[The command was interrupted by the user.]",
            _ when code != 0 => $"Exit code {code}",
            _ => "",
        };

        var text = ending == Ending.Exited && code != 0 ? Join(note, shown) : Join(shown, note);

        return new ToolOutput
        {
            Content = text.Length == 0 ? "(Bash completed with no output)" : text,
            IsError = note.Length > 0,
            Details = Details(shown, ending == Ending.Interrupted, code, null),
        };
    }

    private static string Join(string a, string b) => a.Length == 0 ? b : b.Length == 0 ? a : a + "\n" + b;

    private static JsonObject Details(string output, bool interrupted, int code, string? background)
    {
        var details = new JsonObject { ["stdout"] = output, ["stderr"] = "", ["interrupted"] = interrupted, ["isImage"] = false, ["noOutputExpected"] = false, ["exitCode"] = code };

        if (background is not null)
        {
            details["backgroundTaskId"] = background;
        }

        return details;
    }
}
