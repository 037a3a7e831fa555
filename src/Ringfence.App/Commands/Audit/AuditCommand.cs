using System.CommandLine;
using Ringfence.App.Cli;

namespace Ringfence.App.Commands.Audit;

/// <summary><c>ringfence audit …</c>: questions to the record, its proof, and ways out of it.</summary>
internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new Command(
            "audit",
            """
            Who did what, when, on whose word: questions to the record, its proof, exports.

            Examples:
              ringfence audit verify
              ringfence audit files --path src/Login.cs
              ringfence audit spend --by model --json
            """);

        foreach (var question in AuditQuestionCommands.Create(terminal))
        {
            command.Add(question);
        }

        command.Add(AuditSqlCommand.Create(terminal));
        command.Add(AuditVerifyCommand.Create(terminal));
        command.Add(AuditDigestCommand.Create(terminal));
        command.Add(AuditExportCommand.Create(terminal));
        command.Add(AuditPurgeCommand.Create(terminal));
        return command;
    }
}
