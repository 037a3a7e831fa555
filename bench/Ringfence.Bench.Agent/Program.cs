using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ringfence.Agent.Tools;

// Grep and Glob over many files beside ripgrep, and Edit on a large file. Both sides are warm and take turns in one run; of ripgrep the whole process counts.
var files = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 50_000;
const int Rounds = 9;
var folder = Directory.CreateTempSubdirectory("ringfence-bench-tools-").FullName;

try
{
    MakeTree(folder, files);
    var work = new Workplace(folder, Path.Combine(Path.GetTempPath(), Path.GetFileName(folder) + "-out"), TimeProvider.System);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{files:N0} files, {Environment.ProcessorCount} processors, load {File.ReadAllText("/proc/loadavg").Split(' ')[0]}, medians of {Rounds}.\n"));
    Console.WriteLine("| task | first ms | ms | processor ms | ripgrep ms | processor ms | ratio | ratio of processor | found |\n|---|---|---|---|---|---|---|---|---|");

    await CompareAsync("Grep, a word that is nowhere", new GrepTool(), Input(("pattern", "NowhereAtAll")), ["-l", "NowhereAtAll"]);
    await CompareAsync("Grep, a word in 500 files", new GrepTool(), Input(("pattern", "RareNeedle")), ["-l", "RareNeedle"]);
    await CompareAsync("Grep, a word in every file", new GrepTool(), Input(("pattern", "return")), ["-l", "return"]);
    await CompareAsync("Grep, an expression with text in it", new GrepTool(), Input(("pattern", @"class\s+RareNeedle\w+")), ["-l", @"class\s+RareNeedle\w+"]);
    await CompareAsync("Grep, an expression without", new GrepTool(), Input(("pattern", @"[A-Z]{12,}_\d+")), ["-l", @"[A-Z]{12,}_\d+"]);
    await CompareAsync("Grep, ignoring case", new GrepTool(), Input(("pattern", "rareneedle"), ("-i", true)), ["-l", "-i", "rareneedle"]);
    await CompareAsync("Grep, lines of one type", new GrepTool(), Input(("pattern", "RareNeedle"), ("output_mode", "content"), ("glob", "*.cs")), ["-n", "RareNeedle", "-g", "*.cs"]);
    await CompareAsync("Glob, one type, newest first", new GlobTool(), Input(("pattern", "**/*.ts")), ["--files", "-g", "*.ts", "--sortr", "modified"]);
    await EditAsync(work, Path.Combine(folder, "large.txt"));

    async Task CompareAsync(string task, Tool tool, JsonObject input, string[] ripgrep)
    {
        var (ours, ourCpu, theirs, theirCpu) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        var found = "";

        for (var round = 0; round < Rounds; round++)
        {
            using var self = Process.GetCurrentProcess();
            var (began, cpu) = (Stopwatch.GetTimestamp(), self.TotalProcessorTime);
            var output = await tool.RunAsync(new ToolCall("bench", (JsonObject)input.DeepClone(), work), CancellationToken.None);
            ours.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            self.Refresh();
            ourCpu.Add((self.TotalProcessorTime - cpu).TotalMilliseconds);
            found = output.Shown.Split('\n')[^1] is ['[', ..] last ? last : output.Shown.Split('\n')[0];

            var children = OfChildren();
            using var rg = Process.Start(new ProcessStartInfo("rg", ripgrep) { WorkingDirectory = folder, RedirectStandardOutput = true })!;
            began = Stopwatch.GetTimestamp();
            await rg.StandardOutput.ReadToEndAsync();
            await rg.WaitForExitAsync();
            theirs.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            theirCpu.Add(OfChildren() - children);
        }

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"| {task} | {ours[0]:0} | {Median(ours):0} | {ourCpu.Average():0} | {Median(theirs):0} | {theirCpu.Average():0} | {Median(ours) / Median(theirs):0.00} | {ourCpu.Average() / theirCpu.Average():0.00} | {found} |"));
    }
}
finally
{
    Directory.Delete(folder, recursive: true);
}

static async Task EditAsync(Workplace work, string path)
{
    await File.WriteAllTextAsync(path, string.Concat(Enumerable.Range(0, 10 << 20 >> 6).Select(i => $"line {i,7} of a file that is much longer than anyone would like.\n")));
    var (times, processor) = (new List<double>(), new List<double>());

    for (var round = 0; round < Rounds; round++)
    {
        work.Files.Remember(path, await File.ReadAllBytesAsync(path));
        var input = Input(("file_path", path), ("old_string", $"line {80_000 + round,7} of"), ("new_string", "LINE of"));
        var (began, cpu) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
        var output = await new EditTool().RunAsync(new ToolCall("bench", input, work), CancellationToken.None);
        times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        processor.Add((Environment.CpuUsage.TotalTime - cpu).TotalMilliseconds);

        if (output.IsError)
        {
            throw new InvalidOperationException(output.Shown);
        }
    }

    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| Edit, a line of a file of 10 MiB | {times[0]:0} | {Median(times):0} | {Median(processor):0} | | | | |"));
}

// Children that were waited for, in the kernel's ticks of 10 ms.
static double OfChildren()
{
    var fields = File.ReadAllText("/proc/self/stat").Split(") ")[1].Split(' ');
    return (double.Parse(fields[13], CultureInfo.InvariantCulture) + double.Parse(fields[14], CultureInfo.InvariantCulture)) * 10;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static JsonObject Input(params (string Name, JsonNode Value)[] values) => new(values.Select(v => KeyValuePair.Create(v.Name, (JsonNode?)v.Value)));

static void MakeTree(string folder, int files)
{
    var random = new Random(7);
    string[] words = ["return", "value", "public", "static", "string", "result", "index", "count", "await", "order", "customer", "{", "}", "if", "else", "=>", "var", "list", "item", "//"];
    string[] types = [".cs", ".ts", ".py", ".md"];
    Directory.CreateDirectory(Path.Combine(folder, ".git"));
    File.WriteAllText(Path.Combine(folder, ".gitignore"), "bin/\nobj/\n*.log\n/dist\nnode_modules/\n");

    for (var i = 0; i < files; i++)
    {
        var text = new StringBuilder();
        var lines = random.Next(20, 120);

        for (var line = 0; line < lines; line++)
        {
            text.Append(' ', random.Next(0, 3) * 4);

            for (var word = random.Next(2, 10); word > 0; word--)
            {
                text.Append(words[random.Next(words.Length)]).Append(' ');
            }

            text.Append('\n');
        }

        text.Append(i % 100 == 0 ? $"class RareNeedle{i} {{ }}\n" : "");
        var path = Path.Combine(folder, $"part{i / 2000}", $"module{i / 25}", $"file{i}{types[i % types.Length]}");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.ToString());
    }
}
