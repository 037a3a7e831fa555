using System.Diagnostics;
using Ringfence.Audit;

namespace Ringfence.Sandboxes;

/// <summary>
/// The supervisor's side of one launcher process: takes its listeners and records, keeps the limits that need a clock or the pipes, and
/// sees that nothing is left, whoever dies first. The record is read by one thread that waits for the recorder, so a flood of commands
/// slows the agent and never fills our memory.
/// </summary>
internal sealed class SandboxProcess : IDisposable
{
    private readonly string name;
    private readonly ScratchFolder folder;
    private readonly Process process;
    private readonly ControlSocket control;
    private readonly SandboxLimits limits;
    private readonly IRecorder recorder;
    private readonly TimeProvider time;
    private readonly TaskCompletionSource<IReadOnlyList<Failure>> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SandboxExit> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> isolation = [];
    private readonly CommandRecord commands;
    private ITimer? wallTimer;
    private ITimer? silenceTimer;
    private SandboxExit? reason;
    private long killedAt;
    private long outputBytes;

    public SandboxProcess(
        string name, ScratchFolder folder, Process process, ControlSocket control, SandboxLimits limits, IRecorder recorder, TimeProvider time)
    {
        (this.name, this.folder, this.process, this.control) = (name, folder, process, control);
        (this.limits, this.recorder, this.time) = (limits, recorder, time);
        commands = new CommandRecord(name, recorder);
        MonitorProcess = process.Id;
        StandardInput = process.StandardInput.BaseStream;
        StandardOutput = new MeteredStream(process.StandardOutput.BaseStream, NoteOutput);
        StandardError = new MeteredStream(process.StandardError.BaseStream, NoteOutput);
        LastActivity = time.GetTimestamp();
        new Thread(Follow) { IsBackground = true, Name = $"sandbox {name}" }.Start();
    }

    public Stream StandardInput { get; private set; }

    public Stream StandardOutput { get; private set; }

    public Stream StandardError { get; }

    /// <summary>What was made inside and handed out: listeners, sockets, the terminal.</summary>
    public HandedDescriptors Handed { get; } = new();

    public int MonitorProcess { get; }

    public IReadOnlyList<string> Isolation => isolation;

    /// <summary>Empty once the command runs; else every reason why it could not be started.</summary>
    public Task<IReadOnlyList<Failure>> Ready => ready.Task;

    public Task<SandboxExit> Completion => completion.Task;

    public long LastActivity
    {
        get => Interlocked.Read(ref field);
        private set => Interlocked.Exchange(ref field, value);
    }

    public void NoteActivity() => LastActivity = time.GetTimestamp();

    public void ResizeTerminal(SandboxTerminal size)
    {
        if (Handed.Terminal is { SafeFileHandle: { IsClosed: false } device })
        {
            PseudoTerminal.Resize(device, size);
        }
    }

    public void Kill(SandboxExit why)
    {
        if (Interlocked.CompareExchange(ref reason, why, null) is null)
        {
            Interlocked.Exchange(ref killedAt, time.GetTimestamp());
            control.AskForTheEnd();
        }
    }

    public void Dispose()
    {
        StandardInput.Dispose();
        StandardOutput.Dispose();
        StandardError.Dispose();
        process.Dispose();
        control.Dispose();
        Handed.Dispose();
    }

    private void Follow()
    {
        var ended = new EndReport();

        try
        {
            while (control.Receive() is { IsEmpty: false } frame)
            {
                Handle(new SandboxMessage(frame), ref ended);
            }
        }
        catch (RecordUnavailableException unavailable)
        {
            // What is not recorded does not happen.
            Kill(new SandboxExit.Killed($"record unavailable: {unavailable.Message}"));
        }
        catch (Exception bug) when (bug is InvalidDataException or ArgumentException or InvalidOperationException or OverflowException)
        {
            Kill(new SandboxExit.Killed($"monitor out of step: {bug.Message}"));
        }
        finally
        {
            Finish(ended);
        }
    }

    private void Handle(SandboxMessage message, ref EndReport ended)
    {
        switch (message.Kind)
        {
            case SandboxMessageKind.Isolation:
                isolation.Add($"{message.Text()}: {message.Text()}; {message.Text()}");
                break;
            case SandboxMessageKind.Descriptors:
                Handed.Take(message.Text().Split(','), control);

                if (Handed.Terminal is { } terminal && StandardInput != terminal)
                {
                    StandardInput = terminal;
                    StandardOutput = new MeteredStream(terminal, NoteOutput);
                }

                break;
            case SandboxMessageKind.Ready:
                StartClocks();
                ready.TrySetResult([]);
                break;
            case SandboxMessageKind.Refused:
                ready.TrySetResult([new Failure(message.Text(), message.Text(), message.Text() is { Length: > 0 } hint ? hint : null)]);
                break;
            case SandboxMessageKind.CommandStarted:
                NoteActivity();
                commands.Started(ref message);
                break;
            case SandboxMessageKind.CommandFinished:
                commands.Finished(ref message);
                break;
            case SandboxMessageKind.Digest:
                KnownDigests.Add(message.Text(), message.Text());
                break;
            case SandboxMessageKind.Ended:
                ended = EndReport.Read(ref message);
                break;
            default:
                throw new InvalidDataException($"Message {(byte)message.Kind} is not known.");
        }
    }

    private void StartClocks()
    {
        if (limits.WallTime is { } wall)
        {
            wallTimer = time.CreateTimer(
                _ => Kill(new SandboxExit.LimitReached("wall_time", $"It ran for {wall}.")), null, wall, Timeout.InfiniteTimeSpan);
        }

        if (limits.Silence is { } silence)
        {
            NoteActivity();
            silenceTimer = time.CreateTimer(_ => CheckSilence(silence), null, silence, Timeout.InfiniteTimeSpan);
        }
    }

    private void CheckSilence(TimeSpan silence)
    {
        var quiet = time.GetElapsedTime(LastActivity);

        if (quiet >= silence)
        {
            Kill(new SandboxExit.LimitReached("silence", $"No output, command or connection for {silence}."));
        }
        else
        {
            silenceTimer?.Change(silence - quiet, Timeout.InfiniteTimeSpan);
        }
    }

    private void NoteOutput(int count)
    {
        NoteActivity();

        if (Interlocked.Add(ref outputBytes, count) > limits.OutputBytes && limits.OutputBytes > 0)
        {
            Kill(new SandboxExit.LimitReached("output", $"It printed more than {limits.OutputBytes} bytes."));
        }
    }

    private void Finish(EndReport ended)
    {
        wallTimer?.Dispose();
        silenceTimer?.Dispose();

        // The monitor may be the one that died: then its init dies by the kernel's hand, and only its pidfd tells us when that is done.
        control.AskForTheEnd();
        process.WaitForExit();

        if (Handed.Init is { } init)
        {
            ControlSocket.WaitForProcess(init);
        }

        // One that lived to report its end has removed its groups itself.
        if (!ended.IsKnown)
        {
            ControlGroups.RemoveOf(MonitorProcess);
        }

        folder.Dispose();

        var exit = (reason ?? ended.Exit ?? new SandboxExit.Killed("monitor lost")) with
        {
            Usage = ended.Usage with { OutputBytes = Interlocked.Read(ref outputBytes) },
        };
        var teardown = killedAt == 0 ? ended.TeardownMicroseconds : (long)time.GetElapsedTime(killedAt).TotalMicroseconds;

        if (!ready.TrySetResult([new Failure("sandbox_unavailable", "The sandbox launcher ended before the command started.", "Run `ringfence doctor`.")])
            && ready.Task is { IsCompletedSuccessfully: true, Result.Count: 0 })
        {
            RecordEnd(exit, teardown);
        }

        completion.TrySetResult(exit);
    }

    private void RecordEnd(SandboxExit exit, long teardown)
    {
        var (ending, detail) = exit switch
        {
            SandboxExit.Exited exited => ("exited", $"{exited.Code}"),
            SandboxExit.Signalled signalled => ("signalled", $"{signalled.Signal}"),
            SandboxExit.LimitReached reached => ("limit", $"{reached.Limit}: {reached.Detail}"),
            SandboxExit.Killed killed => ("killed", killed.By),
            _ => throw new InvalidOperationException($"{exit} is not an ending."),
        };

        try
        {
            var usage = exit.Usage;
            recorder.Append(new SandboxEnded(
                name, ending, detail, usage.CpuMicroseconds, usage.PeakMemoryBytes, usage.PeakProcesses, usage.OutputBytes, teardown));
        }
        catch (RecordUnavailableException)
        {
            // Whoever awaits the run learns it from the recorder's next flush; the sandbox is gone either way.
        }
    }
}
