namespace Ringfence.Sandboxes;

/// <summary>When a process began, in ticks since boot: with its number it names one process and no other.</summary>
internal static class ProcessStart
{
    /// <summary>Null when there is no such process.</summary>
    public static string? Of(string process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");

            // The 22nd field; the second may hold spaces and ends with the last parenthesis.
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
