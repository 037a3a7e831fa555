namespace Ringfence.Sandboxes;

/// <summary>Removes control groups that a monitor could not remove itself, because it was killed or the power failed.</summary>
internal static class ControlGroups
{
    private const string Prefix = "ringfence.";

    /// <summary>
    /// Removes what a monitor that has ended left, found by its number: it may have died before it could name its groups. One that stays busy is
    /// taken by the next sweep.
    /// </summary>
    public static void RemoveOf(int monitor)
    {
        foreach (var folder in Parents().SelectMany(parent => Stale(parent, $"{Prefix}{monitor}.*")))
        {
            // The kernel frees a group's last process a moment after the process itself is gone.
            SpinWait.SpinUntil(() => TryRemove(folder), TimeSpan.FromSeconds(1));
        }
    }

    /// <summary>Removes the groups of monitors that no longer live; returns how many.</summary>
    public static int Sweep() => Parents().SelectMany(parent => Stale(parent, Prefix + "*")).Count(TryRemove);

    private static bool TryRemove(string folder)
    {
        try
        {
            Directory.Delete(folder);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Stale(string parent, string name)
    {
        try
        {
            return [.. Directory.EnumerateDirectories(parent, name).Where(f => !OwnerLives(Path.GetFileName(f)))];
        }
        catch (IOException)
        {
            return [];
        }
        catch (UnauthorizedAccessException)
        {
            return [];
        }
    }

    // ringfence.PROCESS.START-TIME: a process number alone may be another's by now.
    private static bool OwnerLives(string name)
    {
        var parts = name.Split('.');

        return parts is not [_, var process, var started]
            || (ProcessStart.Of(process) is { } present && present == started);
    }

    /// <summary>Our own group in each hierarchy and the one above it: the places where the launcher makes groups.</summary>
    private static IEnumerable<string> Parents()
    {
        var groups = File.ReadLines("/proc/self/cgroup").Select(l => l.Split(':', 3)).Where(p => p.Length == 3).ToList();

        foreach (var mount in File.ReadLines("/proc/self/mountinfo"))
        {
            var halves = mount.Split(" - ", 2);

            if (halves.Length < 2 || halves[1].Split(' ') is not [("cgroup" or "cgroup2") and var type, _, var options, ..])
            {
                continue;
            }

            var fields = halves[0].Split(' ');
            var group = groups.FirstOrDefault(g => type == "cgroup2"
                ? g[1].Length == 0
                : g[1].Split(',').Any(c => c.Length > 0 && options.Split(',').Contains(c)));

            if (group is not null)
            {
                var below = fields[3].Length > 1 && group[2].StartsWith(fields[3], StringComparison.Ordinal) ? group[2][fields[3].Length..] : group[2];
                var own = (fields[4] + below).TrimEnd('/');
                yield return own;

                if (below.Length > 1)
                {
                    yield return Path.GetDirectoryName(own)!;
                }
            }
        }
    }
}
