// SPDX-License-Identifier: GPL-2.0
/*
 * Senders against receivers: storms of INIT and start-up, tables that change under
 * interrupts, wake-ups at the moment of going to sleep.
 */
#include <unistd.h>

#include "kselftest_harness.h"

#include "irq.h"

#define AP_PAGE		0x10
#define MESSAGES	200

extern const char ap_code[], ap_code_end[];

static volatile uint64_t stop;

static __guest void count_messages(void)
{
	apic_sw_on();
	GUEST_SYNC(0);
	while (!stop)
		halt();
	GUEST_DONE();
}

/* Each message is answered before the next one: none may be lost, nor seen twice. */
TEST(no_wake_up_is_lost)
{
	struct machine m;
	unsigned int i, patience;

	machine_init(&m, 1);
	alarm_in_ms(0);
	take_irqs(&m.vm, irq_note_and_eoi);
	vcpu_set_long(&m.cpu[0], count_messages);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&m.cpu[0]));
	machine_start(&m, 0);
	for (i = 0; i < MESSAGES; i++) {
		ASSERT_EQ(1, signal_msi(&m.vm, MSI_ADDRESS(0), VECTOR));
		patience = 2000;
		while (GUEST_VAR(&m.vm, irq_count[VECTOR]) == i && patience--)
			usleep(50);
		ASSERT_EQ(i + 1, GUEST_VAR(&m.vm, irq_count[VECTOR]));
	}
	GUEST_VAR(&m.vm, stop) = 1;
	signal_msi(&m.vm, MSI_ADDRESS(0), VECTOR);
	EXPECT_TRUE(machine_join(&m, 0));
	machine_close(&m);
}

struct sender {
	struct machine *m;
	volatile bool stop;
	unsigned int sent;
};

static void *change_routes(void *data)
{
	struct sender *s = data;

	while (!s->stop) {
		vm_route_msi(&s->m->vm, 5, MSI_ADDRESS(0), VECTOR + s->sent % 2);
		s->sent++;
	}
	return NULL;
}

static void *raise_line(void *data)
{
	struct sender *s = data;

	while (!s->stop) {
		irq_line(&s->m->vm, 5, 1);
		s->sent++;
	}
	return NULL;
}

/* A table that is replaced while it is used; the guest hears of its two vectors alone. */
TEST(routes_change_under_interrupts)
{
	struct machine m;
	struct sender a = { .m = &m }, b = { .m = &m };
	pthread_t threads[2];
	unsigned int i;

	machine_init(&m, 1);
	alarm_in_ms(0);
	take_irqs(&m.vm, irq_note_and_eoi);
	vcpu_set_long(&m.cpu[0], count_messages);
	ASSERT_EQ(GUEST_IS_SYNC, vcpu_go(&m.cpu[0]));
	machine_start(&m, 0);
	ASSERT_EQ(0, pthread_create(&threads[0], NULL, change_routes, &a));
	ASSERT_EQ(0, pthread_create(&threads[1], NULL, raise_line, &b));
	usleep(30000);
	a.stop = true;
	b.stop = true;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	GUEST_VAR(&m.vm, stop) = 1;
	EXPECT_EQ(1, signal_msi(&m.vm, MSI_ADDRESS(0), VECTOR));
	EXPECT_TRUE(machine_join(&m, 0));
	EXPECT_LT(0, GUEST_VAR(&m.vm, irq_count[VECTOR]) + GUEST_VAR(&m.vm, irq_count[VECTOR + 1]));
	for (i = 32; i < 256; i++)
		if (i != VECTOR && i != VECTOR + 1)
			EXPECT_EQ(0, GUEST_VAR(&m.vm, irq_count[i]));
	machine_close(&m);
}

static __guest void storm(void)
{
	unsigned int i;

	apic_sw_on();
	for (i = 0; i < MESSAGES; i++) {
		apic_write(REG_ICR, ICR_OTHERS | DM_INIT | ICR_ASSERT);
		apic_write(REG_ICR, ICR_OTHERS | DM_STARTUP | ICR_ASSERT | AP_PAGE);
	}
	GUEST_DONE();
}

/* Behind the storm the processors still start. */
TEST(init_and_start_up_storm)
{
	volatile uint32_t *count;
	struct machine m;
	unsigned int i;

	machine_init(&m, 3);
	alarm_in_ms(0);
	count = (volatile uint32_t *)(m.vm.mem + 0xd800);
	vm_copy(&m.vm, AP_PAGE << 12, ap_code, ap_code_end);
	vcpu_set_long(&m.cpu[0], storm);
	for (i = 0; i < m.cpus; i++)
		machine_start(&m, i);
	EXPECT_TRUE(machine_join(&m, 0));
	for (i = 1; i < m.cpus; i++) {
		m.cpu[i].run->immediate_exit = 1;
		while (pthread_tryjoin_np(m.thread[i], NULL)) {
			pthread_kill(m.thread[i], SIGALRM);
			usleep(500);
		}
		m.cpu[i].run->immediate_exit = 0;
	}
	*count = 0;
	signal_msi(&m.vm, MSI_ADDRESS(1), DM_INIT);
	EXPECT_EQ(KVM_MP_STATE_INIT_RECEIVED, mp_state(&m.cpu[1]));
	signal_msi(&m.vm, MSI_ADDRESS(1), DM_STARTUP | AP_PAGE);
	alarm_in_ms(20);
	EXPECT_EQ(-EINTR, vcpu_run(&m.cpu[1]));
	EXPECT_EQ(1, *count);
	EXPECT_EQ(KVM_MP_STATE_HALTED, mp_state(&m.cpu[1]));
	machine_close(&m);
}

static __guest void tick(void)
{
	apic_sw_on();
	apic_write(REG_DIVIDE, 0xb);
	apic_write(REG_TIMER, VECTOR | LVT_PERIODIC);
	apic_write(REG_INITIAL, 2000000);
	while (!stop)
		halt();
	GUEST_DONE();
}

/* All goes while a processor ticks and sleeps: its timer goes with it. */
TEST(closed_while_it_ticks)
{
	struct machine m;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		machine_init(&m, 1);
		alarm_in_ms(20);
		take_irqs(&m.vm, irq_note_and_eoi);
		vcpu_set_long(&m.cpu[0], tick);
		EXPECT_EQ(-EINTR, vcpu_run(&m.cpu[0]));
		EXPECT_LT(0, GUEST_VAR(&m.vm, irq_count[VECTOR]));
		machine_close(&m);
	}
}

TEST_HARNESS_MAIN
