using System;
using System.Collections.Generic;

namespace LoginService.Tests;

/// <summary>Runs what was added, prints one line a test, and returns 1 when any failed.</summary>
public sealed class TestRunner
{
    private readonly List<(string Name, Action Test)> tests = new();

    public static int Main()
    {
        var runner = new TestRunner();
        LoginHandlerTests.Register(runner);
        return runner.Run();
    }

    public void Add(string name, Action test) => tests.Add((name, test));

    private int Run()
    {
        var failed = 0;

        foreach (var (name, test) in tests)
        {
            try
            {
                test();
                Console.WriteLine($"pass  {name}");
            }
            catch (Exception exception)
            {
                failed++;
                Console.WriteLine($"FAIL  {name}: {exception.Message}");
            }
        }

        Console.WriteLine($"{tests.Count - failed} passed, {failed} failed");
        return failed == 0 ? 0 : 1;
    }
}
