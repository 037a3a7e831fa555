using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Ringfence.Model;

if (args is not ["--script", var path, .. var rest] || rest is not ([] or ["--listen", _]))
{
    await Console.Error.WriteLineAsync("usage: ringfence-model --script FILE [--listen 127.0.0.1:0 | --listen unix:/path]");
    return 2;
}

try
{
    await using var model = await SimulatedModel.StartAsync(ScriptReader.Load(path), rest is [_, var listen] ? listen : "127.0.0.1:0");
    var ended = new TaskCompletionSource();
    using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
    using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);

    Console.WriteLine(new JsonObject { ["address"] = model.Address, ["simulated"] = true, ["pid"] = Environment.ProcessId }.ToJsonString());

    // Whoever started it holds the other end of standard input: when that goes, however it ends, so does this.
    _ = Console.OpenStandardInput().CopyToAsync(Stream.Null).ContinueWith(_ => ended.TrySetResult(), TaskScheduler.Default);
    await ended.Task;

    return 0;

    void End(PosixSignalContext signal)
    {
        signal.Cancel = true;
        ended.TrySetResult();
    }
}
catch (Exception wrong) when (wrong is FormatException or IOException)
{
    await Console.Error.WriteLineAsync(wrong.Message);
    return 2;
}
