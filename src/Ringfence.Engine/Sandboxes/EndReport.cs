namespace Ringfence.Sandboxes;

/// <summary>What the monitor said at the end; unknown when it died first.</summary>
internal readonly record struct EndReport(bool IsKnown, SandboxExit? Exit, SandboxUsage Usage, long TeardownMicroseconds)
{
    public EndReport()
        : this(false, null, new SandboxUsage(), -1)
    {
    }

    public static EndReport Read(ref SandboxMessage message)
    {
        var (ending, value, detail) = (message.Text(), message.Number(), message.Text());
        var usage = new SandboxUsage
        {
            CpuMicroseconds = message.Number(),
            PeakMemoryBytes = message.Number(),
            PeakProcesses = message.Number(),
        };

        SandboxExit exit = ending switch
        {
            "exited" => new SandboxExit.Exited((int)value),
            "signalled" => new SandboxExit.Signalled((int)value),
            "killed" => new SandboxExit.Killed(detail),
            _ => new SandboxExit.LimitReached(ending, detail),
        };

        return new EndReport(true, exit, usage, message.Number());
    }
}
