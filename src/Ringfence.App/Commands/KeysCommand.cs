using System.CommandLine;
using System.Text.Json;
using Ringfence.Access;
using Ringfence.App.Api;
using Ringfence.App.Cli;
using Ringfence.Client;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence keys create|list|revoke</c>: who may call <c>ringfence serve</c>. Works without a key: whoever has the store may make one.</summary>
internal static class KeysCommand
{
    public static Command Create(Terminal terminal) => new("keys", "Keys of the HTTP API, each with a role.") { New(terminal), List(terminal), Revoke(terminal) };

    private static Command New(Terminal terminal)
    {
        var name = new Argument<string>("name") { Description = "Whose it is: letters, digits, and - _ . @", HelpName = "NAME" };
        var role = new Option<string>("--role") { Description = "viewer, runner, approver or admin; each may do what those before it may.", DefaultValueFactory = _ => "runner" };
        var json = CommandActions.Json();
        var command = new Command("create", "Makes a key and shows it, once.") { name, role, json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var asked = new CreateKeyBody { Name = parsed.GetRequiredValue(name), Role = parsed.GetRequiredValue(role) };

            if (BodyCheck.Failures(asked) is { Count: > 0 } failures)
            {
                terminal.WriteFailures(failures);
                return ExitCodes.BadInput;
            }

            var (key, secret) = await new ApiKeyStore(home.Database, TimeProvider.System).CreateAsync(asked.Name, Enum.Parse<Role>(asked.Role, ignoreCase: true), cancellationToken);
            WriteMade(terminal, KeyResource.Of(key, secret), parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    private static Command List(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command("list", "Every key, without its secret.") { json };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            var keys = await new ApiKeyStore(home.Database, TimeProvider.System).ListAsync(cancellationToken);
            Write(terminal, [.. keys.Select(key => KeyResource.Of(key))], parsed.GetValue(json));
            return ExitCodes.Done;
        });

        return command;
    }

    public static void WriteMade(Terminal terminal, KeyInfo made, bool json) =>
        terminal.WriteLine(json ? JsonSerializer.Serialize(made, ApiJson.Default.KeyInfo) : $"{made.Id}  {made.Key}");

    public static void Write(Terminal terminal, IReadOnlyList<KeyInfo> keys, bool json)
    {
        if (json)
        {
            terminal.WriteLine(JsonSerializer.Serialize(keys, ApiJson.Default.IReadOnlyListKeyInfo));
            return;
        }

        foreach (var key in keys)
        {
            terminal.WriteLine(Printable.EscapeLines($"{key.Id}  {key.Role,-8}  {key.CreatedAt.ToLocalTime():yyyy-MM-dd HH:mm}  {key.Name}{(key.RevokedAt is null ? "" : "  revoked")}"));
        }
    }

    private static Command Revoke(Terminal terminal)
    {
        var id = new Argument<string>("id") { Description = "As `ringfence keys list` shows it.", HelpName = "KEY" };
        var command = new Command("revoke", "Ends a key. Servers refuse it within a second.") { id };

        command.WithHome(terminal, async (parsed, home, cancellationToken) =>
        {
            if (await new ApiKeyStore(home.Database, TimeProvider.System).TryRevokeAsync(parsed.GetRequiredValue(id), cancellationToken))
            {
                terminal.WriteLine($"{parsed.GetRequiredValue(id)} is revoked.");
                return ExitCodes.Done;
            }

            terminal.WriteFailures([new Failure("unknown_key", "There is no such key, or it is revoked.", "`ringfence keys list` shows them.")]);
            return ExitCodes.BadInput;
        });

        return command;
    }
}
