using Ringfence.App.Cli;
using Ringfence.Audit;

namespace Ringfence.App.Views;

/// <summary>What the demo's run left on the record: what was kept from the agent, and how much of what it did is known.</summary>
internal sealed class DemoStory(Terminal terminal, IReadOnlyList<AuditEvent> events)
{
    private const string Secret = "id_rsa";

    public void Write()
    {
        if (Facts<CommandStarted>().Any()) // else nothing ran that could have been
        {
            Blocked();
        }

        Recorded();
    }

    private IEnumerable<T> Facts<T>()
        where T : AuditFact => events.Select(happened => happened.Fact).OfType<T>();

    private void Blocked()
    {
        terminal.WriteLine();
        terminal.WriteLine(terminal.Paint("What was blocked", Ansi.Bold));
        var endings = Facts<CommandFinished>().ToLookup(command => (command.Sandbox, command.Command));

        foreach (var command in Facts<CommandStarted>().Where(LooksForSecret))
        {
            if (endings[(command.Sandbox, command.Command)].FirstOrDefault() is { ExitCode: not 0 and var code })
            {
                terminal.WriteLine($"  {terminal.Paint("secret ", Ansi.Red)}  {Printable.EscapeLines(string.Join(' ', command.Arguments))}");
                terminal.WriteLine($"           exit code {code}: your files are not inside; its home is empty");
            }
        }

        // A look-up and the connection after it are one attempt in two parts.
        foreach (var attempt in Facts<NetworkConnection>().Where(net => !net.Allowed).GroupBy(net => net.Host))
        {
            var ports = string.Join(", ", attempt.Select(net => $"{net.Protocol} {net.Port}").Distinct());
            terminal.WriteLine($"  {terminal.Paint("network", Ansi.Red)}  {Printable.EscapeLines(attempt.Key)} ({ports})");
            terminal.WriteLine($"           {attempt.First().Reason.Replace('_', ' ')}: neither resolved nor reached");
        }
    }

    private static bool LooksForSecret(CommandStarted command) =>
        Path.GetFileName(command.Arguments[0]) == "cat" && command.Arguments.Any(argument => argument.EndsWith(Secret, StringComparison.Ordinal));

    private void Recorded()
    {
        terminal.WriteLine();
        terminal.WriteLine(terminal.Paint("What was recorded", Ansi.Bold));
        terminal.WriteLine($"  {events.Count} events, each chained to the one before by its hash");

        foreach (var family in events.GroupBy(happened => happened.Type.Split('.')[0]).OrderByDescending(family => family.Count()))
        {
            var types = family.GroupBy(happened => happened.Type).Select(type => $"{type.Count()} {type.Key}");
            terminal.WriteLine($"  {family.Count(),5}  {terminal.Paint(string.Join(", ", types), Ansi.Dim)}");
        }
    }
}
