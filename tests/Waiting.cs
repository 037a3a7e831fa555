namespace Ringfence.Tests;

/// <summary>How tests wait: for what can be seen, and so long that only what is broken takes longer, however slow the machine and whatever else it does.</summary>
internal static class Waiting
{
    /// <summary>Milliseconds after which a test is ended because it hangs.</summary>
    public const int Patience = 600_000;

    /// <summary>Returns when it holds; fails with what there is to see when it does not in the time of a test.</summary>
    public static async Task UntilAsync(Func<bool> holds, Func<string> seen)
    {
        var began = TimeProvider.System.GetTimestamp();

        while (!holds())
        {
            Xunit.Assert.True(TimeProvider.System.GetElapsedTime(began).TotalMilliseconds < Patience, $"It never came to what was waited for. Last seen: {seen()}");
            await Task.Delay(10, Xunit.TestContext.Current.CancellationToken);
        }
    }

    /// <summary>
    /// For a limit of time that is to be reached, but after something else: tries it again with a longer one where the machine was too slow for that.
    /// </summary>
    public static async Task<T> LongEnoughAsync<T>(TimeSpan first, Func<TimeSpan, Task<T>> attempt, Func<T, bool> wasLongEnough)
    {
        for (var time = first; ; time *= 5)
        {
            var result = await attempt(time);

            if (wasLongEnough(result) || time * 5 > TimeSpan.FromMinutes(5))
            {
                return result;
            }
        }
    }

    /// <summary>Deletes a folder, also one in which a process that was just killed writes its last.</summary>
    public static async Task DeleteAsync(string folder)
    {
        for (var tries = 0; Directory.Exists(folder); tries++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception busy) when (busy is IOException or UnauthorizedAccessException && tries < 500)
            {
                await Task.Delay(20, CancellationToken.None);
            }
        }
    }
}
