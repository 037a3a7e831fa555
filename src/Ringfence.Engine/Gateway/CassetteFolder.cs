using Ringfence.Runs;

namespace Ringfence.Gateway;

/// <summary>Where recorded model traffic lies: one file per run, which its owner alone can read, because it holds prompts and answers.</summary>
/// <param name="home">Ringfence's own folder.</param>
public sealed class CassetteFolder(string home)
{
    public bool Has(RunId run) => File.Exists(PathOf(run));

    /// <summary>How a run's model calls are taken; null when they are live and nobody writes them down.</summary>
    /// <param name="redact">Takes secrets out before anything is written or compared.</param>
    public CassetteMode? ModeOf(RunId run, RunRequest request, Func<string, string> redact)
    {
        if (request.Replay is { } replay)
        {
            return new CassetteMode.Replay(PathOf(new RunId(replay.Run)), replay.LiveAfter, redact);
        }

        if (!request.Record)
        {
            return null;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(run))!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return new CassetteMode.Record(PathOf(run), redact);
    }

    private string PathOf(RunId run) => Path.Combine(home, "cassettes", run + ".jsonl");
}
