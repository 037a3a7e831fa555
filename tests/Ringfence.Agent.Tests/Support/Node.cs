using System.Runtime.CompilerServices;

namespace Ringfence.Tests.Support;

/// <summary>The official clients are npm packages, pinned in <c>npm/package.json</c> and installed by the set-up script.</summary>
internal static class Node
{
    public static string Directory { get; } = Path.Combine(SourceDirectory(), "..", "npm");

    public static void SkipWithoutPackages()
    {
        Assert.SkipUnless(
            Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(d => File.Exists(Path.Combine(d, "node"))), "Node is not installed.");
        Assert.SkipUnless(
            System.IO.Directory.Exists(Path.Combine(Directory, "node_modules")), "The npm packages are not installed: eng/setup.sh --test installs them.");
    }

    /// <summary>An executable file without an extension, as a user would name it.</summary>
    public static string ExecutableFor(AgentProcess agent)
    {
        var path = Path.Combine(agent.Home, "ringfence-agent");
        Executable.Write(path, $"#!/bin/sh\nexec dotnet '{AgentProcess.Executable}' \"$@\"\n");
        return path;
    }

    private static string SourceDirectory([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
