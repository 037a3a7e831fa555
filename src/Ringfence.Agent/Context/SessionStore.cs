namespace Ringfence.Agent.Context;

/// <summary>Where sessions are kept: <c>projects/DIRECTORY/SESSION.jsonl</c> below the user's configuration.</summary>
internal sealed class SessionStore(string userDirectory, string root)
{
    private string Project => Path.Combine(userDirectory, "projects", string.Concat(root.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')));

    public string PathOf(string sessionId) => Path.Combine(Project, sessionId + ".jsonl");

    /// <summary>The session's file, of this directory first; null when there is none.</summary>
    public string? Find(string sessionId)
    {
        if (sessionId.Length == 0 || sessionId.IndexOfAny(['/', '\\', '\0']) >= 0)
        {
            return null;
        }

        var here = PathOf(sessionId);

        if (File.Exists(here))
        {
            return here;
        }

        var projects = Path.Combine(userDirectory, "projects");

        return Directory.Exists(projects)
            ? Directory.EnumerateDirectories(projects).Select(d => Path.Combine(d, sessionId + ".jsonl")).FirstOrDefault(File.Exists) : null;
    }

    /// <summary>Sessions of this directory, the last one used first.</summary>
    public IEnumerable<string> Recent() => Directory.Exists(Project)
        ? new DirectoryInfo(Project).EnumerateFiles("*.jsonl").OrderByDescending(f => f.LastWriteTimeUtc).Select(f => Path.GetFileNameWithoutExtension(f.Name)) : [];
}
