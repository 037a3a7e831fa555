namespace Ringfence.Acceptance;

/// <summary>Scripts for the simulated model that several promises need.</summary>
internal static class Scripts
{
    private static int markers;

    /// <summary>Seconds to sleep that nobody else on this machine sleeps: a process with them is told from everybody else's.</summary>
    public static string Marker() => $"86400.{Environment.ProcessId}{Interlocked.Increment(ref markers):d4}";

    /// <summary>Writes <c>greeting.txt</c> with the text, then says it is done.</summary>
    public static string Writes(string text) =>
        $$"""
        turns:
          - calls: [{ tool: Write, input: { file_path: /workspace/greeting.txt, content: "{{text}}\n" } }]
          - require: [{ result: { tool: Write, error: false } }]
            text: I wrote it.
        """;

    /// <summary>Writes <c>greeting.txt</c>, leaves a process in the background, and then gets no answer any more.</summary>
    public static string WritesAndHangs(string marker) =>
        $$"""
        turns:
          - calls:
              - { tool: Write, input: { file_path: /workspace/greeting.txt, content: "hello\n" } }
              - { tool: Bash, input: { command: "setsid sleep {{marker}} >/dev/null 2>&1 &" } }
          - require:
              - { result: { tool: Write, error: false } }
              - { result: { tool: Bash, error: false } }
            text: Written; thinking about the rest.
            calls: [{ tool: Bash, input: { command: "cat greeting.txt" } }]
          - require: [{ result: { tool: Bash, contains: hello } }]
            fault: never
        """;
}
