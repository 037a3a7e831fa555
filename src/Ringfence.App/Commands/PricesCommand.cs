using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ringfence.App.Cli;
using Ringfence.Budgets;

namespace Ringfence.App.Commands;

/// <summary><c>ringfence prices show|import</c>: list prices that budgets are kept in. A model without one cannot be called.</summary>
internal static class PricesCommand
{
    public static Command Create(Terminal terminal) =>
        new("prices", "List prices that budgets are kept in.") { Show(terminal), Import(terminal) };

    private static Command Show(Terminal terminal)
    {
        var json = CommandActions.Json();
        var command = new Command("show", "Every model that can be called, with its prices and their source.") { json };

        command.SetAction(parsed =>
        {
            if (!PriceFile.Load(Home.DefaultFolder).Succeeded(out var table, out var why))
            {
                terminal.WriteFailures(why);
                return ExitCodes.Environment;
            }

            if (parsed.GetValue(json))
            {
                terminal.WriteJson(new PricesView(table.Version, table.Date, [.. table.Models]), GatewayJson.Default.PricesView);
                return ExitCodes.Done;
            }

            terminal.WriteLine($"Prices {table.Version} of {table.Date:yyyy-MM-dd}, dollars per million tokens:");

            foreach (var model in table.Models)
            {
                var p = model.Prices;
                terminal.WriteLine($"  {model.Model,-30} input {Dollars(p.Input),7}  cached {Dollars(p.CacheRead),7}  output {Dollars(p.Output),7}  {model.Source}");

                if (model.LongContext is { } dearer)
                {
                    terminal.WriteLine($"  {"",-30} input {Dollars(dearer.Input),7}  cached {Dollars(dearer.CacheRead),7}  output {Dollars(dearer.Output),7}  above {model.LongContextFrom:N0} tokens");
                }
            }

            return ExitCodes.Done;
        });

        return command;
    }

    private static Command Import(Terminal terminal)
    {
        var file = new Argument<string>("file") { Description = "A price file in LiteLLM's format.", HelpName = "FILE" };
        var models = new Option<string[]>("--model") { Description = "Take this model alone. Repeatable. Default: every chat model in the file.", HelpName = "NAME" };
        var lower = new Option<bool>("--accept-lower") { Description = "Accept prices that are lower than those in force." };
        var partial = new Option<bool>("--skip-unreadable") { Description = "Leave models out whose prices cannot be read, instead of importing nothing." };
        var command = new Command("import", "Takes prices from a file. A price that falls needs --accept-lower; one that rises applies at once.") { file, models, lower, partial };

        command.SetAction(parsed =>
        {
            var only = parsed.GetValue(models) ?? [];
            var path = parsed.GetRequiredValue(file);
            var (read, failures) = PriceFile.Read(path, Path.GetFileName(path), name => only.Length == 0 || only.Contains(name));
            var problems = new List<Failure>(parsed.GetValue(partial) ? failures.Where(f => f.Code != "bad_price") : failures);
            problems.AddRange(only.Where(name => read.All(m => m.Model != name && "gemini/" + m.Model != name) && failures.Count == 0)
                .Select(name => new Failure("unknown_model", $"{name} is not in {path}.")));

            if (!PriceFile.Load(Home.DefaultFolder).Succeeded(out var table, out var why))
            {
                problems.AddRange(why);
            }
            else if (!parsed.GetValue(lower))
            {
                problems.AddRange(read.Where(m => table.Find(m.Model) is { } old && IsLower(m, old))
                    .Select(m => new Failure("price_falls", $"The price of {m.Model} would fall.", "Check the file, then add --accept-lower.")));
            }

            if (problems.Count > 0)
            {
                terminal.WriteFailures(problems);
                return ExitCodes.BadInput;
            }

            Write(path, [.. read.Select(m => m.Model)]);
            terminal.WriteLine($"{read.Count} models imported, {failures.Count} left out. Version {PriceFile.Version(PriceFile.PathIn(Home.DefaultFolder))}.");
            return ExitCodes.Done;
        });

        return command;
    }

    // The entries as they are in the source, so that what is in force can be compared with it line by line.
    private static void Write(string path, HashSet<string> models)
    {
        var target = PriceFile.PathIn(Home.DefaultFolder);
        var kept = File.Exists(target) ? JsonNode.Parse(File.ReadAllText(target))!.AsObject() : [];

        foreach (var (name, entry) in JsonNode.Parse(File.ReadAllText(path))!.AsObject())
        {
            if (models.Contains(name) || (name.StartsWith("gemini/", StringComparison.Ordinal) && models.Contains(name["gemini/".Length..])))
            {
                kept[name] = entry?.DeepClone();
            }
        }

        Directory.CreateDirectory(Home.DefaultFolder);
        File.WriteAllText(target + ".new", kept.ToJsonString());
        File.Move(target + ".new", target, overwrite: true);
    }

    private static bool IsLower(ModelPrice price, ModelPrice old) => IsLower(price.Prices, old.Prices)
        || IsLower(price.LongContext ?? price.Prices, old.LongContext ?? old.Prices) || price.WebSearch < old.WebSearch;

    private static bool IsLower(TokenPrices price, TokenPrices old) =>
        price.Input < old.Input || price.Output < old.Output || price.CacheRead < old.CacheRead || price.CacheWrite5m < old.CacheWrite5m
        || price.CacheWrite1h < old.CacheWrite1h;

    private static string Dollars(long pico) => (pico / 1_000_000m).ToString("0.####", CultureInfo.InvariantCulture);
}
